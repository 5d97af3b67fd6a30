import { isQualifiedName } from '../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from './field-errors.ts';
import type { FieldPath } from './field-path.ts';

interface ConditionLike {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string;
}
const STATUSES = ['False', 'True', 'Unknown'];
const REASON = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const REASON_MESSAGE =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";
const MAX_REASON_LENGTH = 1024;
const MAX_MESSAGE_LENGTH = 32 * 1024;

/** metav1.Condition lists. */
export function checkConditions(conditions: readonly ConditionLike[] | undefined, path: FieldPath, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, { type = '', status = '', reason = '', message = '', observedGeneration = 0, lastTransitionTime }] of (conditions ?? []).entries()) {
    const conditionPath = path.index(index);
    if (seen.has(type)) errors.duplicate(conditionPath.child('type'), type);
    seen.add(type);
    errors.invalidEach(conditionPath.child('type'), type, isQualifiedName(type));
    if (!STATUSES.includes(status)) errors.notSupported(conditionPath.child('status'), status, STATUSES);
    if (observedGeneration < 0) errors.invalid(conditionPath.child('observedGeneration'), observedGeneration, 'must be greater than or equal to zero');
    if (lastTransitionTime === undefined) errors.required(conditionPath.child('lastTransitionTime'));
    if (reason === '') errors.required(conditionPath.child('reason'));
    else {
      if (!REASON.test(reason)) errors.invalid(conditionPath.child('reason'), reason, REASON_MESSAGE);
      if (reason.length > MAX_REASON_LENGTH) errors.tooLong(conditionPath.child('reason'), MAX_REASON_LENGTH);
    }
    if (message.length > MAX_MESSAGE_LENGTH) errors.tooLong(conditionPath.child('message'), MAX_MESSAGE_LENGTH);
  }
}

import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import type { FieldPath } from '../../../validation/field-path.ts';

const POLICIES = ['Always', 'Never', 'OnFailure'];
const ACTIONS = ['Restart', 'RestartAllContainers'];
const OPERATORS = ['In', 'NotIn'];
const MAX_RULES = 20;
const MAX_EXIT_CODES = 255;

/** Without a policy of its own an init container has no rules to look at. */
export function checkInitContainerRestart(container: core.Container, path: FieldPath, errors: FieldErrors): void {
  if (container.restartPolicy !== undefined) checkContainerRestart(container, path, errors);
  else if ((container.restartPolicyRules ?? []).length > 0) {
    errors.required(path.child('restartPolicy'), 'must specify restartPolicy when restart rules are used');
  }
}

/** Restart policy and rules of one container (KEP-5307). */
export function checkContainerRestart({ restartPolicy, restartPolicyRules }: core.Container, path: FieldPath, errors: FieldErrors): void {
  const rules = restartPolicyRules ?? [];
  if (restartPolicy === undefined) {
    if (rules.length === 0) return;
    errors.required(path.child('restartPolicy'), 'must specify restartPolicy when restart rules are used');
  } else if (!POLICIES.includes(restartPolicy)) {
    errors.notSupported(path.child('restartPolicy'), restartPolicy, POLICIES);
  }
  if (rules.length > MAX_RULES) errors.tooMany(path.child('restartPolicyRules'), rules.length, MAX_RULES);
  for (const [index, { action = '', exitCodes }] of rules.entries()) {
    const rulePath = path.child('restartPolicyRules').index(index);
    if (!ACTIONS.includes(action)) errors.notSupported(rulePath.child('action'), action, ACTIONS);
    if (exitCodes === undefined) {
      errors.required(rulePath.child('exitCodes'), 'must be specified');
      continue;
    }
    const codesPath = rulePath.child('exitCodes');
    if (!OPERATORS.includes(exitCodes.operator ?? '')) errors.notSupported(codesPath.child('operator'), exitCodes.operator, OPERATORS);
    const values = exitCodes.values ?? [];
    if (values.length > MAX_EXIT_CODES) errors.tooMany(codesPath.child('values'), values.length, MAX_EXIT_CODES);
  }
}

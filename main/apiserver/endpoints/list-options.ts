import { goQuote } from '../../../kube/apimachinery/go-format.ts';
import { fieldForbidden, fieldNotSupported, type FieldError } from '../../../kube/apimachinery/field-error.ts';
import { newBadRequest, newInvalid } from '../../../kube/apimachinery/status-errors.ts';

interface Given {
  readonly match: string;
  readonly resourceVersion: string;
  readonly continueToken: string;
  readonly initial: boolean;
}

/** Upstream: apimachinery/pkg/apis/internalversion/validation ValidateListOptions. */
export function checkListOptions(query: URLSearchParams, { watch }: { readonly watch: boolean }): void {
  if (query.size === 0) return;
  const given: Given = {
    match: query.get('resourceVersionMatch') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    continueToken: query.get('continue') ?? '',
    // Given without a value it is true.
    initial: query.has('sendInitialEvents'),
  };
  const errors = watch ? watchErrors(given) : listErrors(given);
  if (errors.length > 0) throw newInvalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}

function listErrors({ match, resourceVersion, continueToken, initial }: Given): FieldError[] {
  const errors: FieldError[] = [];
  if (match !== '') {
    if (resourceVersion === '') errors.push(fieldForbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    if (continueToken !== '') errors.push(fieldForbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'));
    if (match !== 'Exact' && match !== 'NotOlderThan') errors.push(fieldNotSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && resourceVersion === '0') {
      errors.push(fieldForbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (initial) errors.push(fieldForbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  return errors;
}

function watchErrors({ match, continueToken, initial }: Given): FieldError[] {
  const errors: FieldError[] = [];
  if (match !== '' && !initial) errors.push(fieldForbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
  if (initial && match !== 'NotOlderThan') errors.push(fieldForbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  if (match !== '' && match !== 'NotOlderThan') errors.push(fieldNotSupported('resourceVersionMatch', match, ['NotOlderThan']));
  if (continueToken !== '') errors.push(fieldForbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'));
  return errors;
}

const MAX_INT64 = 2n ** 63n - 1n;

/** An int64 of the query as strconv.ParseInt reads it: also an empty one is refused. Undefined when it is not given. */
export function integerOption(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const refused = (reason: string): Error => newBadRequest(`strconv.ParseInt: parsing ${goQuote(text)}: ${reason}`);
  if (!/^[+-]?\d+$/.test(text)) throw refused('invalid syntax');
  const value = BigInt(text.replace(/^\+/, ''));
  if (value > MAX_INT64 || value < -MAX_INT64 - 1n) throw refused('value out of range');
  return Number(value);
}

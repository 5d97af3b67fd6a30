import { fieldForbidden, fieldNotSupported, type FieldError } from '../../../kube/apimachinery/field-error.ts';
import { newInvalid } from '../../../kube/apimachinery/status-errors.ts';

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
    initial: (query.get('sendInitialEvents') ?? '') !== '',
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

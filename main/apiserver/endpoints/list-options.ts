import { fieldForbidden, fieldNotSupported, type FieldError } from '../../../kube/apimachinery/field-error.ts';
import { newInvalid } from '../../../kube/apimachinery/status-errors.ts';

/** Upstream: apimachinery/pkg/apis/internalversion/validation ValidateListOptions. */
export function checkListOptions(query: URLSearchParams, { watch }: { readonly watch: boolean }): void {
  if (!query.has('resourceVersionMatch') && !query.has('sendInitialEvents')) return;
  const match = query.get('resourceVersionMatch') ?? '';
  const resourceVersion = query.get('resourceVersion') ?? '';
  const initial = query.get('sendInitialEvents');
  const errors: FieldError[] = [];
  if (initial !== null && initial !== '') errors.push(...initialEventsErrors(match, watch));
  else if (match !== '') {
    if (watch) errors.push(fieldForbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch'));
    if (resourceVersion === '') errors.push(fieldForbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    if (query.get('continue')) errors.push(fieldForbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'));
    if (match !== 'Exact' && match !== 'NotOlderThan') errors.push(fieldNotSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && resourceVersion === '0') {
      errors.push(fieldForbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (errors.length > 0) throw newInvalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}

function initialEventsErrors(match: string, watch: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (match === '') errors.push(fieldForbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  if (!watch) errors.push(fieldForbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  if (match !== '' && match !== 'NotOlderThan') errors.push(fieldNotSupported('resourceVersionMatch', match, ['NotOlderThan']));
  return errors;
}

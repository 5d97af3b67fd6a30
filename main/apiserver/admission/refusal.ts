import { goQuote } from '../../../kube/apimachinery/go-format.ts';
import { isValidPathSegmentName } from '../../../kube/apimachinery/name-validation.ts';
import { newForbidden } from '../../../kube/apimachinery/status-errors.ts';
import type { StatusError } from '../../../kube/apimachinery/status.ts';
import type { AdmissionAttributes } from './admission.ts';

/** What a plugin throws to refuse: 403 on the resource, named as far as it has a name (upstream: admission.NewForbidden). */
export function forbidden(attributes: AdmissionAttributes, reason: string): StatusError {
  const { group, resource, name, object } = attributes;
  const shown = name || object?.metadata.name || object?.metadata.generateName || 'Unknown';
  return newForbidden({ group, resource }, shown, reason);
}

/** Why upstream's client refuses to look up an object of this name, which no object can have. */
export function refusedName(name: string): string | undefined {
  if (name === '') return 'resource name may not be empty';
  const problems = isValidPathSegmentName(name);
  return problems.length === 0 ? undefined : `invalid resource name ${goQuote(name)}: [${problems.join(' ')}]`;
}

/** A create or update of the resource itself or of one of the given subresources. */
export function isFor(attributes: AdmissionAttributes, resource: string, options: { readonly group?: string; readonly operations: readonly AdmissionAttributes['operation'][]; readonly subresources?: readonly string[] }): boolean {
  const { group = '', operations, subresources = [''] } = options;
  return attributes.resource === resource && attributes.group === group && subresources.includes(attributes.subresource) && operations.includes(attributes.operation);
}

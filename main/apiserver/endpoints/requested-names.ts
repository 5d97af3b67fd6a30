import { isAlreadyExists, isConflict, isNotFound, StatusError } from '../../../kube/apimachinery/status.ts';
import { formatGroupResource } from '../../../kube/apimachinery/status-errors.ts';
import type { ServedResource } from '../registry/catalog.ts';

/**
 * What the store says of an object names its resource as the request did, not as it is stored: events are served by two groups
 * (upstream: qualifiedResourceFromContext of the generic registry).
 */
export function withRequestedNames(error: unknown, { info, registry }: ServedResource): unknown {
  const stored = registry?.resource;
  if (!(error instanceof StatusError) || stored === undefined || stored.group === info.group) return error;
  if (!isNotFound(error) && !isAlreadyExists(error) && !isConflict(error)) return error;
  const { status } = error;
  if (status.details?.kind !== stored.resource || (status.details.group ?? '') !== stored.group) return error;
  const message = status.message?.replace(`${formatGroupResource(stored)} "`, `${formatGroupResource(info)} "`);
  const { name, group: _stored, ...details } = status.details;
  return new StatusError({ ...status, ...(message === undefined ? {} : { message }), details: { ...(name === undefined ? {} : { name }), group: info.group, ...details } });
}

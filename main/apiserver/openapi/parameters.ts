import { describeParameter } from './descriptions.ts';
import type { Dialect, Json } from './schemas.ts';

/**
 * Parameters by key: the name, then after a colon what tells two of the same name apart (`fieldManager:patch`). `name` and
 * the body are not here, since they name a kind.
 */
const integers = new Set(['gracePeriodSeconds', 'limit', 'limitBytes', 'ports', 'sinceSeconds', 'tailLines', 'timeoutSeconds']);
const booleans = new Set([
  'allowWatchBookmarks', 'follow', 'force', 'ignoreStoreReadErrorWithClusterBreakingPotential', 'insecureSkipTLSVerifyBackend', 'orphanDependents',
  'previous', 'sendInitialEvents', 'stderr', 'stdin', 'stdout', 'timestamps', 'tty', 'watch',
]);

function typeOf(name: string): string {
  return integers.has(name) ? 'integer' : booleans.has(name) ? 'boolean' : 'string';
}

function parameterOf(place: { readonly name: string; readonly in: 'path' | 'query'; readonly description: string }, dialect: Dialect): Json {
  const type = typeOf(place.name);
  const required = place.in === 'path' ? { required: true } : {};
  const { name, description } = place;
  if (dialect === 2) return { uniqueItems: true, type, description, name, in: place.in, ...required };
  return { name, in: place.in, description, ...required, schema: { type, uniqueItems: true } };
}

/** One parameter; `kind` is what `name` names. */
export function parameter(key: string, { kind, dialect }: { readonly kind: string; readonly dialect: Dialect }): Json {
  const name = key.replace(/:.*/, '');
  if (key === 'name') return parameterOf({ name, in: 'path', description: `name of the ${kind}` }, dialect);
  if (key === 'path:rest') return parameterOf({ name, in: 'path', description: 'path to the resource' }, dialect);
  const place = key === 'namespace' ? 'path' : 'query';
  return parameterOf({ name, in: place, description: describeParameter(key) }, dialect);
}

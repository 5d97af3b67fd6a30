import { health, type HealthCheck } from './endpoints/health.ts';
import { methodNotAllowed } from './endpoints/dispatch.ts';
import { plainDiscovery } from './endpoints/plain-discovery.ts';
import { jsonResponse } from './endpoints/respond.ts';
import type { PathEndpoint } from './handler.ts';
import type { ResourceCatalog } from './registry/catalog.ts';
import type { Store } from '../etcd/store.ts';
import { versionInfo } from './version.ts';

export interface PathOptions {
  readonly catalog: ResourceCatalog;
  readonly store: Store;
  readonly readyChecks?: readonly HealthCheck[];
}

/** Everything that is not a resource, in the order it is asked. */
export function pathEndpoints(options: PathOptions): readonly PathEndpoint[] {
  const always: HealthCheck[] = [
    { name: 'ping', check() {} },
    { name: 'log', check() {} },
    { name: 'etcd', check: async () => void (await options.store.range({ start: '/registry/health' }, { limit: 1 })) },
  ];
  const checks = { healthz: always, livez: always, readyz: [...always, { name: 'informer-sync', check() {} }, ...(options.readyChecks ?? [])] };
  const version = versionInfo();
  return [
    ({ info, request }) => (/^\/(healthz|livez|readyz)(\/|$)/.test(info.path) ? health(checks, request) : undefined),
    ({ info, request }) => {
      if (info.path !== '/version' && info.path !== '/version/') return undefined;
      if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
      return jsonResponse(200, version);
    },
    (context) => plainDiscovery(options.catalog, context),
  ];
}

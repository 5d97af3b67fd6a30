import { health, type HealthCheck } from './endpoints/health.ts';
import { methodNotAllowed } from './endpoints/dispatch.ts';
import { discovery, groupVersionsOf } from './discovery/discovery.ts';
import { servedGroupVersions } from '../../kube/api/inventory.ts';
import { jsonResponse } from './endpoints/respond.ts';
import type { PathEndpoint } from './handler.ts';
import type { ResourceCatalog } from './registry/catalog.ts';
import type { Store } from '../etcd/store.ts';
import { versionInfo } from './version.ts';

export interface PathOptions {
  readonly catalog: ResourceCatalog;
  readonly store: Store;
  readonly advertise: { readonly address: string; readonly port: number };
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
  const builtIn = new Set(servedGroupVersions().map(({ group }) => group));
  const discover = discovery({
    groupVersions: () => groupVersionsOf([...options.catalog.all()].map(({ info }) => info), builtIn),
    serverAddress: () => `${options.advertise.address}:${options.advertise.port}`,
  });
  return [
    ({ info, request }) => (/^\/(healthz|livez|readyz)(\/|$)/.test(info.path) ? health(checks, request) : undefined),
    ({ info, request }) => {
      if (info.path !== '/version' && info.path !== '/version/') return undefined;
      if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
      return jsonResponse(200, version);
    },
    ({ request, info }) => discover(request, info.path),
  ];
}

import { type GroupVersionInfo, servedGroupVersions } from '../../kube/api/inventory.ts';
import { newResourceNotServed } from '../../kube/apimachinery/status-errors.ts';
import type { Store } from '../etcd/store.ts';
import type { ServiceAccountKey } from './authentication/service-account-keys.ts';
import type { Aggregator } from './aggregator/aggregator.ts';
import { publishedGroupVersion } from './customresources/publish-schema.ts';
import { discovery, groupVersionsOf } from './discovery/discovery.ts';
import { methodNotAllowed } from './endpoints/dispatch.ts';
import { health, type HealthCheck, type HealthChecks } from './endpoints/health.ts';
import { openIdDocuments } from './endpoints/openid.ts';
import type { ApiResponse } from './endpoints/request.ts';
import { jsonResponse, textResponse } from './endpoints/respond.ts';
import { dumpPriorityLevels, dumpQueues, dumpRequests } from './flow-control/debug-dump.ts';
import type { FlowControl } from './flow-control/flow-control.ts';
import type { PathEndpoint } from './handler.ts';
import { OpenApi } from './openapi/openapi.ts';
import type { ResourceCatalog } from './registry/catalog.ts';
import { versionInfo } from './version.ts';

export interface PathOptions {
  readonly catalog: ResourceCatalog;
  readonly aggregator: Aggregator;
  readonly store: Store;
  readonly advertise: { readonly address: string; readonly port: number };
  readonly issuer: string;
  readonly keys: readonly ServiceAccountKey[];
  readonly readyChecks?: readonly HealthCheck[];
  readonly flow: FlowControl;
}

const FIXED_PATHS = ['/.well-known/openid-configuration', '/healthz', '/livez', '/metrics', '/openapi/v2', '/openapi/v3', '/openid/v1/jwks', '/readyz', '/version'];

/** Everything that is not a resource, in the order it is asked. */
export function pathEndpoints(options: PathOptions): readonly PathEndpoint[] {
  const { catalog, aggregator } = options;
  const checks = healthChecks(options);
  const version = versionInfo();
  const builtIn = new Set(servedGroupVersions().map(({ group }) => group));
  const server = `${options.advertise.address}:${options.advertise.port}`;
  const groupVersions = (): readonly GroupVersionInfo[] => groupVersionsOf([...catalog.all()].map(({ info }) => info), builtIn);
  const published = (): readonly GroupVersionInfo[] =>
    groupVersions().map((info) => (builtIn.has(info.group) ? info : publishedGroupVersion(info, (resource) => catalog.find(info.group, info.version, resource))));
  const discover = discovery({ groupVersions: (form) => aggregator.groupVersions(groupVersions(), form), serverAddress: () => server });
  const openApi = new OpenApi({ groupVersions: published, remote: aggregator.openApi });
  const openId = openIdDocuments({ ...options, jwksUri: `https://${server}/openid/v1/jwks` });
  return [
    ({ info, request }) => (/^\/(healthz|livez|readyz)(\/|$)/.test(info.path) ? health(checks, request) : undefined),
    ({ info, request }) => {
      if (info.path !== '/version' && info.path !== '/version/') return undefined;
      if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
      return jsonResponse(200, version);
    },
    ({ request, info }) => discover(request, info.path),
    (context) => aggregator.openApiDocument(context),
    ({ request, info }) => openApi.respond(request, info.path),
    ({ info }) => openId(info.path),
    ({ info }) => (info.path === '/metrics' ? textResponse(200, metrics(options)) : undefined),
    ({ info, request }) => flowDump(options.flow, { path: info.path, details: (request.query.get('includeRequestDetails') ?? '') !== '' }),
    ({ info }) => (info.path === '/' || info.path === '/index.html' ? jsonResponse(200, { paths: rootPaths(aggregator.groupVersions(groupVersions(), 'plain'), checks) }) : undefined),
    ({ info }) => unknownApiPath(catalog, info.path),
  ];
}

function healthChecks({ store, readyChecks = [] }: PathOptions): HealthChecks {
  const always: HealthCheck[] = [
    { name: 'ping', check() {} },
    { name: 'log', check() {} },
    { name: 'etcd', check: async () => void (await store.range({ start: '/registry/health' }, { limit: 1 })) },
  ];
  return { healthz: always, livez: always, readyz: [...always, { name: 'informer-sync', check() {} }, ...readyChecks] };
}

function flowDump({ configuration, clock }: FlowControl, { path, details }: { readonly path: string; readonly details: boolean }): ApiResponse | undefined {
  if (!path.startsWith('/debug/api_priority_and_fairness/')) return undefined;
  const source = { configuration, wallMs: (monotonicMs: number): number => clock.now() - clock.monotonicMs() + monotonicMs };
  switch (path.slice('/debug/api_priority_and_fairness/'.length)) {
    case 'dump_priority_levels': return textResponse(200, dumpPriorityLevels(source));
    case 'dump_queues': return textResponse(200, dumpQueues(source));
    case 'dump_requests': return textResponse(200, dumpRequests(source, { details }));
    default: return undefined;
  }
}

/** Inside the API's own paths an unknown version or a wrong method is answered with a Status. */
function unknownApiPath(catalog: ResourceCatalog, path: string): undefined {
  const [, root, group = ''] = path.replace(/\/$/, '').split('/');
  const isDocument = (root === 'api' || root === 'apis') && (group === '' || (root === 'apis' ? catalog.isBuiltIn(group) : true));
  if (!isDocument) return undefined;
  const isKnown = group === '' || root === 'apis' || catalog.hasVersion('', group);
  throw isKnown && path.split('/').length <= (root === 'apis' ? 3 : 3) ? methodNotAllowed() : newResourceNotServed();
}

function rootPaths(served: readonly GroupVersionInfo[], checks: HealthChecks): string[] {
  const paths = new Set([...FIXED_PATHS, '/api', '/apis']);
  for (const { group, version } of served) {
    if (group === '') paths.add(`/api/${version}`);
    else paths.add(`/apis/${group}`).add(`/apis/${group}/${version}`);
  }
  for (const [endpoint, list] of Object.entries(checks)) for (const { name } of list as readonly HealthCheck[]) paths.add(`/${endpoint}/${name}`);
  return [...paths].sort();
}

/** The least that a monitoring stack looks for. */
function metrics({ store }: PathOptions): string {
  const { rss, heapUsed } = process.memoryUsage();
  return [
    '# TYPE process_resident_memory_bytes gauge', `process_resident_memory_bytes ${rss}`,
    '# TYPE nodejs_heap_used_bytes gauge', `nodejs_heap_used_bytes ${heapUsed}`,
    '# TYPE apiserver_storage_revision gauge', `apiserver_storage_revision ${store.revision}`, '',
  ].join('\n');
}

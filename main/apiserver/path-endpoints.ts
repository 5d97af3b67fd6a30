import { type GroupVersionInfo, servedGroupVersions } from '../../kube/api/inventory.ts';
import { newResourceNotServed } from '../../kube/apimachinery/status-errors.ts';
import type { Store } from '../etcd/store.ts';
import type { ServiceAccountKey } from './authentication/service-account-keys.ts';
import type { Aggregator } from './aggregator/aggregator.ts';
import { publishedGroupVersion } from './customresources/publish-schema.ts';
import { discovery, groupVersionsOf } from './discovery/discovery.ts';
import { methodNotAllowed } from './endpoints/dispatch.ts';
import { healthChecks, type Lifecycle } from './endpoints/health-checks.ts';
import type { HealthCheck, HealthChecks } from './endpoints/health.ts';
import { openIdDocuments } from './endpoints/openid.ts';
import type { ApiResponse } from './endpoints/request.ts';
import { indentedJsonResponse, textResponse } from './endpoints/respond.ts';
import type { Flags } from './endpoints/status-pages.ts';
import type { FlowControl } from './flow-control/flow-control.ts';
import type { PathEndpoint } from './handler.ts';
import type { ServerMetrics } from './metrics/server-metrics.ts';
import { MONITORING_PATHS, monitoringEndpoints } from './monitoring-endpoints.ts';
import { JSON_TYPE } from './negotiation/media-type.ts';
import { checkRouteAccepts } from './negotiation/negotiate.ts';
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
  readonly kms?: () => ReadonlyMap<string, { check(): void }>;
  readonly readyChecks?: readonly HealthCheck[];
  readonly flow: FlowControl;
  readonly metrics: ServerMetrics;
  readonly lifecycle: Lifecycle;
  readonly flags: Flags;
}

const FIXED_PATHS = ['/.well-known/openid-configuration', '/openapi/v2', '/openapi/v3', '/openapi/v3/', '/openid/v1/jwks', '/version', ...MONITORING_PATHS];

/** Everything that is not a resource, in the order it is asked. */
export function pathEndpoints(options: PathOptions): readonly PathEndpoint[] {
  const { catalog, aggregator } = options;
  const checks = healthChecks(options);
  const version = indentedJsonResponse(versionInfo());
  const builtIn = new Set(servedGroupVersions().map(({ group }) => group));
  const server = `${options.advertise.address}:${options.advertise.port}`;
  const groupVersions = (): readonly GroupVersionInfo[] => groupVersionsOf([...catalog.all()].map(({ info }) => info), builtIn);
  const published = (): readonly GroupVersionInfo[] =>
    groupVersions().map((info) => (builtIn.has(info.group) ? info : publishedGroupVersion(info, (resource) => catalog.find(info.group, info.version, resource))));
  const discover = discovery({ groupVersions: (form) => aggregator.groupVersions(groupVersions(), form), isBuiltIn: (group) => builtIn.has(group), serverAddress: () => server });
  const openApi = new OpenApi({ groupVersions: published, remote: aggregator.openApi });
  const openId = openIdDocuments({ ...options, jwksUri: `https://${server}/openid/v1/jwks` });
  return [
    ...monitoringEndpoints({ ...options, checks }),
    ({ info, request }) => {
      if (info.path.startsWith('/version/') && info.path !== '/version/') throw newResourceNotServed();
      if (info.path !== '/version' && info.path !== '/version/') return undefined;
      if (request.method !== 'GET') throw methodNotAllowed();
      checkRouteAccepts(request.headers['accept'], [JSON_TYPE]);
      return version;
    },
    ({ request, info }) => discover(request, info.path),
    (context) => aggregator.openApiDocument(context),
    ({ request, info }) => openApi.respond(request, info.path),
    ({ info, request }) => openId(info.path, request),
    ({ info }) => (info.path === '/' || info.path === '/index.html' ? indentedJsonResponse({ paths: rootPaths(aggregator.groupVersions(groupVersions(), 'plain'), checks) }) : undefined),
    ({ info }) => withoutResource(info.path),
    ({ info }) => unknownApiPath(catalog, info.path),
  ];
}

/** `/api/v1/watch`: these words want a resource behind them, and upstream gives up where it looks for it. */
function withoutResource(path: string): ApiResponse | undefined {
  if (!/^\/+(api|apis\/[^/]+)\/[^/]+\/(watch|proxy)\/*$/.test(path)) return undefined;
  return textResponse(500, `Internal Server Error: ${JSON.stringify(path)}: failed to create RequestInfo: unable to determine kind and namespace from url, ${path}\n`, { nosniff: true });
}

/** Inside the API's own paths an unknown version or a wrong method is answered with a Status. */
function unknownApiPath(catalog: ResourceCatalog, path: string): undefined {
  const [, root, group = ''] = path.replace(/\/$/, '').split('/');
  if (root === 'apis' && path.startsWith('/apis//')) return undefined;
  const isDocument = (root === 'api' || root === 'apis') && (group === '' || (root === 'apis' ? catalog.isBuiltIn(group) : true));
  if (!isDocument) return undefined;
  const isKnown = group === '' || root === 'apis' || catalog.hasVersion('', group);
  throw isKnown && path.split('/').length <= (root === 'apis' ? 3 : 3) ? methodNotAllowed() : newResourceNotServed();
}

function rootPaths(served: readonly GroupVersionInfo[], checks: HealthChecks): string[] {
  const paths = new Set([...FIXED_PATHS, '/api', '/apis', '/apis/']);
  for (const { group, version } of served) {
    if (group === '') paths.add(`/api/${version}`);
    else paths.add(`/apis/${group}`).add(`/apis/${group}/${version}`);
  }
  for (const [endpoint, list] of Object.entries(checks)) for (const { name } of list as readonly HealthCheck[]) paths.add(`/${endpoint}/${name}`);
  return [...paths].sort();
}

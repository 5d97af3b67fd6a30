import type { RequestContext } from '../endpoints/request.ts';
import { isTrue, type RequestInfo } from '../filters/request-info.ts';

/** How a request is named in metrics (upstream: endpoints/metrics/metrics.go). */
export interface RequestLabels {
  readonly verb: string;
  readonly dryRun: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly scope: string;
  readonly component: string;
}

const CONNECTS = new Set(['log', 'exec', 'portforward', 'attach', 'proxy']);
const KNOWN_METHODS = new Set(['DELETE', 'GET', 'PATCH', 'POST', 'PUT', 'HEAD']);
/** Paths that are no resources and are counted all the same. */
const COUNTED_PATHS: Readonly<Record<string, Pick<RequestLabels, 'subresource' | 'resource' | 'component'>>> = {
  '/healthz': { subresource: '/healthz', resource: '', component: '' },
  '/livez': { subresource: '/livez', resource: '', component: '' },
  '/readyz': { subresource: '/readyz', resource: '', component: '' },
  '/api': { subresource: 'api', resource: '', component: 'apiserver' },
  '/apis': { subresource: 'apis', resource: '', component: 'apiserver' },
  '/openapi/v3': { subresource: 'openapi/v3', resource: '', component: '' },
  '/statusz': { subresource: '', resource: 'statusz', component: 'apiserver' },
  '/flagz': { subresource: '', resource: 'flagz', component: 'apiserver' },
};

export function scopeOf({ name, verb, namespace, isResourceRequest }: RequestInfo): string {
  if (name !== '' || verb === 'create') return 'resource';
  if (namespace !== '') return 'namespace';
  return isResourceRequest ? 'cluster' : '';
}

/** Undefined for what upstream does not count. */
export function requestLabels({ info, request }: RequestContext): RequestLabels | undefined {
  const scope = scopeOf(info);
  if (info.isResourceRequest) {
    const { apiGroup, apiVersion, resource, subresource } = info;
    return { verb: verbOf({ info, request }, scope), dryRun: dryRunOf(request.query), group: apiGroup, version: apiVersion, resource, subresource, scope, component: 'apiserver' };
  }
  const counted = COUNTED_PATHS[info.path];
  return counted && { verb: KNOWN_METHODS.has(request.method) ? request.method : 'other', dryRun: '', group: '', version: '', scope: '', ...counted };
}

function verbOf({ info, request }: Pick<RequestContext, 'info' | 'request'>, scope: string): string {
  if (info.subresource !== '' && CONNECTS.has(info.subresource)) return 'CONNECT';
  if (info.verb === 'watch' || (request.method === 'GET' && isTrue(request.query.get('watch')))) return 'WATCH';
  if (request.method === 'GET' || request.method === 'HEAD') return scope === 'resource' ? 'GET' : 'LIST';
  if (request.method === 'PATCH') return request.headers['content-type'] === 'application/apply-patch+yaml' ? 'APPLY' : 'PATCH';
  return KNOWN_METHODS.has(request.method) ? request.method : 'other';
}

function dryRunOf(query: URLSearchParams): string {
  if (!query.has('dryRun')) return '';
  const values = query.getAll('dryRun');
  return values.every((value) => value === 'All') ? 'All' : 'invalid';
}

import { apiVersionOf } from '../../../kube/apimachinery/gvr.ts';
import type { ResourceCatalog } from '../registry/catalog.ts';
import type { ApiResponse, RequestContext } from './request.ts';
import { jsonResponse } from './respond.ts';

/** Discovery in its first form, straight from the catalog. */
export function plainDiscovery(catalog: ResourceCatalog, { info, request }: RequestContext): ApiResponse | undefined {
  if (request.method !== 'GET') return undefined;
  const path = info.path.replace(/\/$/, '');
  const versions = new Map<string, Set<string>>();
  for (const { info: { group, version } } of catalog.all()) versions.set(group, (versions.get(group) ?? new Set()).add(version));
  if (path === '/api') return jsonResponse(200, { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });
  const groupOf = (name: string) => {
    const list = [...(versions.get(name) ?? [])].map((version) => ({ groupVersion: `${name}/${version}`, version }));
    return { name, versions: list, preferredVersion: list[0] };
  };
  if (path === '/apis') {
    return jsonResponse(200, { kind: 'APIGroupList', apiVersion: 'v1', groups: [...versions.keys()].filter((name) => name !== '').map(groupOf) });
  }
  const parts = path.split('/').slice(1);
  if (parts[0] === 'apis' && parts.length === 2 && versions.has(parts[1] ?? '')) return jsonResponse(200, { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(parts[1] ?? '') });
  const groupVersion = parts[0] === 'api' && parts.length === 2 ? parts[1] : parts[0] === 'apis' && parts.length === 3 ? `${parts[1]}/${parts[2]}` : undefined;
  const resources = [...catalog.all()].filter((served) => apiVersionOf(served.info) === groupVersion).flatMap(({ info: one }) => [
    { name: one.resource, singularName: one.singular, namespaced: one.namespaced, kind: one.kind, verbs: one.verbs, shortNames: one.shortNames, categories: one.categories },
    ...one.subresources.map((sub) => ({ name: `${one.resource}/${sub.name}`, singularName: '', namespaced: one.namespaced, ...sub.kind, verbs: sub.verbs })),
  ]);
  return resources.length === 0 ? undefined : jsonResponse(200, { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources });
}

import { apiVersionOf } from '../../../kube/apimachinery/gvr.ts';
import type { GroupVersionInfo, ResourceInfo, SubresourceInfo } from '../../../kube/api/inventory.ts';

/** A group version that an extension server serves: its resources are known only in the form of aggregated discovery. */
export interface RemoteGroupVersion extends GroupVersionInfo {
  readonly discovered: { readonly resources: readonly unknown[]; readonly freshness: 'Current' | 'Stale' };
}

/** The documents of discovery in their JSON form. Pure over the served group versions, which come in priority order. */

const byName = <T>(name: (item: T) => string) => (a: T, b: T): number => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0);

/** /api */
export function apiVersions(serverAddress: string): Record<string, unknown> & { kind: string; apiVersion: string } {
  const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress }];
  return { kind: 'APIVersions', apiVersion: '', versions: ['v1'], serverAddressByClientCIDRs };
}

interface GroupDocument {
  readonly name: string;
  readonly versions: readonly { readonly groupVersion: string; readonly version: string }[];
  readonly preferredVersion: { readonly groupVersion: string; readonly version: string };
}

function groupDocuments(served: readonly GroupVersionInfo[]): readonly GroupDocument[] {
  const groups = Map.groupBy(served.filter(({ group }) => group !== ''), ({ group }) => group);
  return [...groups].flatMap(([name, infos]) => {
    const versions = infos.map((info) => ({ groupVersion: apiVersionOf(info), version: info.version }));
    const preferredVersion = versions[0];
    return preferredVersion ? [{ name, versions, preferredVersion }] : [];
  });
}

/** /apis */
export function apiGroupList(served: readonly GroupVersionInfo[]): Record<string, unknown> & { kind: string; apiVersion: string } {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupDocuments(served) };
}

/** /apis/GROUP; undefined when the group is not served. */
export function apiGroup(served: readonly GroupVersionInfo[], group: string): (GroupDocument & { kind: string; apiVersion: string }) | undefined {
  const document = groupDocuments(served).find(({ name }) => name === group);
  return document && { kind: 'APIGroup', apiVersion: 'v1', ...document };
}

function foreignVersion(subresource: SubresourceInfo, own: ResourceInfo): { group?: string; version?: string } {
  const { group, version } = subresource.kind;
  return group === own.group && version === own.version ? {} : { group, version };
}

function resourceEntries(info: ResourceInfo): readonly Record<string, unknown>[] {
  const main = {
    name: info.resource,
    singularName: info.singular,
    namespaced: info.namespaced,
    kind: info.kind,
    verbs: info.verbs,
    ...(info.shortNames.length > 0 ? { shortNames: info.shortNames } : {}),
    ...(info.categories.length > 0 ? { categories: info.categories } : {}),
    ...(info.storageVersionHash === '' ? {} : { storageVersionHash: info.storageVersionHash }),
  };
  const subresources = info.subresources.map((subresource) => ({
    name: `${info.resource}/${subresource.name}`,
    singularName: '',
    namespaced: info.namespaced,
    ...foreignVersion(subresource, info),
    kind: subresource.kind.kind,
    verbs: subresource.verbs,
  }));
  return [main, ...subresources];
}

/** /api/v1 and /apis/GROUP/VERSION */
export function apiResourceList(info: GroupVersionInfo): Record<string, unknown> & { kind: string; apiVersion: string } {
  const inOrder = info.resources.toSorted(byName(({ resource }) => resource));
  // Upstream sorts what is built in by name, `pods/status` included; custom resources keep their subresources' order.
  const resources = inOrder.every(({ isCustom }) => isCustom) ? inOrder.flatMap(resourceEntries) : inOrder.flatMap(resourceEntries).toSorted(byName((entry) => String(entry['name'])));
  // Upstream's core list carries no apiVersion.
  return { kind: 'APIResourceList', apiVersion: info.group === '' ? '' : 'v1', groupVersion: apiVersionOf(info), resources };
}

function aggregatedResource(info: ResourceInfo): Record<string, unknown> {
  return {
    resource: info.resource,
    responseKind: info.isCustom ? { group: info.group, version: info.version, kind: info.kind } : { group: '', version: '', kind: info.kind },
    scope: info.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: info.singular,
    verbs: info.verbs,
    ...(info.shortNames.length > 0 ? { shortNames: info.shortNames } : {}),
    ...(info.categories.length > 0 ? { categories: info.categories } : {}),
    ...(info.subresources.length > 0
      ? { subresources: subresourcesOf(info).map((one) => aggregatedSubresource(one, info)) }
      : {}),
  };
}

function subresourcesOf(info: ResourceInfo): readonly SubresourceInfo[] {
  return info.isCustom ? info.subresources : info.subresources.toSorted(byName(({ name }) => name));
}

function aggregatedSubresource(subresource: SubresourceInfo, own: ResourceInfo): Record<string, unknown> {
  const { group = '', version = '' } = own.isCustom ? subresource.kind : foreignVersion(subresource, own);
  return { subresource: subresource.name, responseKind: { group, version, kind: subresource.kind.kind }, verbs: subresource.verbs };
}

function aggregatedVersion(info: GroupVersionInfo): Record<string, unknown> {
  if ('discovered' in info) return { version: info.version, ...(info as RemoteGroupVersion).discovered };
  return { version: info.version, resources: info.resources.toSorted(byName(({ resource }) => resource)).map(aggregatedResource), freshness: 'Current' };
}

/** Aggregated discovery, apidiscovery.k8s.io/v2: of the core group (`/api`) or of all named groups (`/apis`). */
export function apiGroupDiscoveryList(served: readonly GroupVersionInfo[], core: boolean): Record<string, unknown> & { kind: string; apiVersion: string } {
  const groups = Map.groupBy(served.filter(({ group }) => (group === '') === core), ({ group }) => group);
  const items = [...groups].map(([name, infos]) => ({
    metadata: name === '' ? {} : { name },
    versions: infos.map(aggregatedVersion),
  }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
}

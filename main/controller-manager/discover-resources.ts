import type { Resource } from '../../kube/apimachinery/gvr.ts';
import type { KubernetesObject } from '../../kube/apimachinery/object-meta.ts';
import type { Client } from '../../kube/client/client.ts';

export interface DiscoveredResource extends Resource<KubernetesObject> {
  readonly verbs: readonly string[];
}

interface APIResource {
  readonly name: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
}

export interface Discovery {
  readonly resources: readonly DiscoveredResource[];
  /** Group versions that did not answer (an aggregated API that is down): what depends on completeness must wait. */
  readonly failed: readonly { readonly groupVersion: string; readonly error: unknown }[];
}

/** All resources that the server prefers, built-in and dynamic (upstream: ServerPreferredResources). Subresources are left out. */
export async function discoverResources(client: Client, signal: AbortSignal): Promise<Discovery> {
  const get = (path: string): Promise<unknown> => client.raw({ method: 'GET', path, signal });
  const groups = (await get('/apis')) as { groups: { name: string; preferredVersion?: { version: string }; versions: { version: string }[] }[] };
  const versions = groups.groups.flatMap(({ name, preferredVersion, versions: served }) => {
    const order = [preferredVersion?.version, ...served.map(({ version }) => version)].filter((version) => version !== undefined);
    return [...new Set(order)].map((version) => ({ group: name, version }));
  });
  const failed: { groupVersion: string; error: unknown }[] = [];
  const lists = await Promise.all(
    [{ group: '', version: 'v1' }, ...versions].map(async ({ group, version }) => {
      const path = group === '' ? '/api/v1' : `/apis/${group}/${version}`;
      try {
        const list = (await get(path)) as { resources?: APIResource[] };
        return (list.resources ?? []).map((resource) => ({ ...resource, group, version }));
      } catch (error) {
        failed.push({ groupVersion: group === '' ? version : `${group}/${version}`, error });
        return [];
      }
    }),
  );
  const seen = new Set<string>();
  const resources = lists.flat().flatMap(({ name, kind, namespaced, verbs, group, version }) => {
    const id = `${group}/${name}`;
    if (name.includes('/') || seen.has(id)) return [];
    seen.add(id);
    return [{ group, version, resource: name, kind, namespaced, verbs }];
  });
  return { resources, failed };
}

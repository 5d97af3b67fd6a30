import { isJsonObject } from '../../../kube/apimachinery/json.ts';

interface ApiResource {
  readonly name: string;
  readonly singularName?: string;
  readonly namespaced?: boolean;
  readonly group?: string;
  readonly version?: string;
  readonly kind?: string;
  readonly verbs?: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** The resources of an APIResourceList in the form of aggregated discovery (upstream: endpoints.ConvertGroupVersionIntoToDiscovery). */
export function discoveredResources(list: readonly unknown[]): readonly Record<string, unknown>[] {
  const resources = list.filter((item): item is Record<string, unknown> & ApiResource => isJsonObject(item) && typeof item['name'] === 'string');
  const parents = new Map<string, Record<string, unknown> & { subresources?: Record<string, unknown>[] }>();
  for (const resource of resources) if (!resource.name.includes('/')) parents.set(resource.name, parentOf(resource));
  for (const resource of resources) {
    const slash = resource.name.indexOf('/');
    if (slash < 0) continue;
    const name = resource.name.slice(0, slash);
    let parent = parents.get(name);
    // A subresource may stand alone: what it belongs to then has no verbs of its own.
    if (!parent) parents.set(name, (parent = { resource: name, responseKind: kindOf({ name }), scope: scopeOf(resource), singularResource: '', verbs: null }));
    (parent.subresources ??= []).push({ subresource: resource.name.slice(slash + 1), responseKind: kindOf(resource), verbs: resource.verbs ?? [] });
  }
  return [...parents.values()];
}

function parentOf(resource: ApiResource): Record<string, unknown> {
  const { name, singularName = '', verbs = [], shortNames = [], categories = [] } = resource;
  return {
    resource: name, responseKind: kindOf(resource), scope: scopeOf(resource), singularResource: singularName, verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}), ...(categories.length > 0 ? { categories } : {}),
  };
}

function kindOf({ group = '', version = '', kind = '' }: ApiResource): Record<string, string> {
  return { group, version, kind };
}

function scopeOf({ namespaced = false }: ApiResource): string {
  return namespaced ? 'Namespaced' : 'Cluster';
}

import { parseApiVersion } from '../../../kube/apimachinery/gvr.ts';
import type { DiscoveredResource } from '../discover-resources.ts';

/** From apiVersion and kind to the resource that serves it. */
export class ResourceMapper {
  readonly #byKind = new Map<string, DiscoveredResource>();

  constructor(resources: readonly DiscoveredResource[]) {
    for (const resource of resources) this.#byKind.set(`${resource.group}/${resource.kind}`, resource);
  }

  /** Versions of one kind are one resource. */
  resourceFor({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): DiscoveredResource | undefined {
    return this.#byKind.get(`${parseApiVersion(apiVersion).group}/${kind}`);
  }
}

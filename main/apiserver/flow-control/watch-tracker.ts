import type { RequestInfo } from '../filters/request-info.ts';

/** How many watches a write will wake, roughly: by resource, namespace and name (upstream: util/flowcontrol/watch_tracker.go). */
export class WatchTracker {
  readonly #counts = new Map<string, number>();

  /** Counts a watch until the returned function is called. */
  register(info: RequestInfo, query: URLSearchParams): () => void {
    // A kubelet's watch of its own pods wakes for these only; it is indexed, and not counted.
    if (info.resource === 'pods' && selectsNode(query.get('fieldSelector'))) return () => {};
    const key = keyOf(info, { namespace: info.namespace, name: info.name });
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    let forgotten = false;
    return () => {
      if (forgotten) return;
      forgotten = true;
      const left = (this.#counts.get(key) ?? 1) - 1;
      if (left === 0) this.#counts.delete(key);
      else this.#counts.set(key, left);
    };
  }

  interested(info: RequestInfo): number {
    if (this.#counts.size === 0) return 0;
    const { namespace, name } = info;
    let count = this.#counts.get(keyOf(info, { namespace: '', name: '' })) ?? 0;
    if (namespace !== '') count += this.#counts.get(keyOf(info, { namespace, name: '' })) ?? 0;
    if (name !== '') count += this.#counts.get(keyOf(info, { namespace, name })) ?? 0;
    return count;
  }
}

function keyOf({ apiGroup, resource }: RequestInfo, { namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${apiGroup}/${resource}/${namespace}/${name}`;
}

function selectsNode(selector: string | null): boolean {
  return selector !== null && /(^|,)\s*spec\.nodeName==?[^,=!]+/.test(selector);
}

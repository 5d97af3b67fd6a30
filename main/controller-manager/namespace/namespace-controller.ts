import { isMethodNotSupported, isNotFound } from '../../../kube/apimachinery/status.ts';
import { type Namespace, namespaces } from '../../../kube/api/generated/core/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { type DiscoveredResource, discoverResources } from '../discover-resources.ts';
import { patchStatus } from '../patch-status.ts';
import { messageOf } from '../pod-control.ts';
import { type DeletionProgress, namespaceConditions } from './namespace-conditions.ts';

/** How soon to look again while content is going away: its last piece wakes nobody up. */
const RETRY_MS = 250;
const RETRY_WITH_FINALIZERS_MS = 2_000;
/** Upstream waits that long for pods that take their grace period; we look earlier, but not in a tight loop. */
const RETRY_WITH_PODS_MS = 1_000;

interface MutableProgress extends DeletionProgress {
  readonly deletionErrors: string[];
  readonly remaining: Map<string, number>;
  readonly finalizers: Map<string, number>;
}

/** Deletes all that lives in a namespace that is being deleted, then takes away its finalizer. */
export class NamespaceController implements Controller {
  readonly name = 'namespace-controller';
  readonly workers = 5;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #namespaces: Informer<Namespace>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#namespaces = context.informers.informer(namespaces);
    this.watches = [{ informer: this.#namespaces, keysFor: ({ metadata }: Namespace) => (metadata.deletionTimestamp === undefined ? [] : [metadata.name]) }] as readonly ControllerWatch[];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<{ requeueAfterMs?: number } | void> {
    const known = this.#namespaces.lister.get(name);
    if (known === undefined || known.metadata.deletionTimestamp === undefined) return;
    const { client, clock } = this.#context;
    let namespace: Namespace;
    try {
      namespace = await client.get(namespaces, { name }, { signal });
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
    if (namespace.metadata.uid !== known.metadata.uid || namespace.metadata.deletionTimestamp === undefined) return;
    if (namespace.status?.phase !== 'Terminating') {
      namespace = await patchStatus(client, { resource: namespaces, object: namespace, status: { ...namespace.status, phase: 'Terminating' }, signal });
    }
    if ((namespace.spec?.finalizers ?? []).length === 0) return;
    const progress = await this.#deleteContent(name, signal);
    const conditions = namespaceConditions(namespace.status?.conditions ?? [], { progress, nowMs: clock.now() });
    const done = progress.remaining.size === 0 && progress.discoveryErrors.length === 0 && progress.deletionErrors.length === 0;
    if (!done || (namespace.status?.conditions ?? []).length > 0) {
      namespace = await patchStatus(client, { resource: namespaces, object: namespace, status: { ...namespace.status, conditions }, signal });
    }
    if (done) return this.#finalize(namespace, signal);
    if (progress.finalizers.size > 0) return { requeueAfterMs: RETRY_WITH_FINALIZERS_MS };
    return { requeueAfterMs: progress.remaining.has('pods.') ? RETRY_WITH_PODS_MS : RETRY_MS };
  }

  async #finalize(namespace: Namespace, signal: AbortSignal): Promise<void> {
    const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== 'kubernetes');
    try {
      await this.#context.client.update(namespaces, { ...namespace, spec: { ...namespace.spec, finalizers } }, { subresource: 'finalize', signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** Pods first, and all else only once they are gone (KEP-5080): until then their Secrets, NetworkPolicies and so on must still protect them. */
  async #deleteContent(namespace: string, signal: AbortSignal): Promise<DeletionProgress> {
    const { resources, failed } = await discoverResources(this.#context.client, signal);
    const deletable = resources.filter(({ namespaced, verbs, resource }) => namespaced && verbs.includes('delete') && verbs.includes('list') && resource !== 'events');
    const events = resources.filter(({ resource, group }) => resource === 'events' && group === '');
    const progress: MutableProgress = {
      discoveryErrors: failed.map(({ groupVersion, error }) => `${groupVersion}: ${messageOf(error)}`),
      deletionErrors: [],
      remaining: new Map(),
      finalizers: new Map(),
    };
    await this.#deleteResources(deletable.filter(isPods), { namespace, progress, signal });
    // Differs from upstream: the conditions tell of the pods that are waited for, and do not say that all content was removed.
    if (progress.remaining.size > 0) return progress;
    await this.#deleteResources([...deletable.filter((resource) => !isPods(resource)), ...events], { namespace, progress, signal });
    return progress;
  }

  async #deleteResources(
    resources: readonly DiscoveredResource[],
    { namespace, progress, signal }: { readonly namespace: string; readonly progress: MutableProgress; readonly signal: AbortSignal },
  ): Promise<void> {
    const { deletionErrors, remaining, finalizers } = progress;
    await Promise.all(
      resources.map(async (resource) => {
        try {
          const left = await this.#deleteAll(resource, { namespace, signal });
          if (left.length > 0) remaining.set(`${resource.resource}.${resource.group}`, left.length);
          for (const finalizer of left.flat()) finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
        } catch (error) {
          if (signal.aborted) throw error;
          if (!isNotFound(error) && !isMethodNotSupported(error)) deletionErrors.push(messageOf(error));
        }
      }),
    );
  }

  /** The finalizers of each object that is still there. */
  async #deleteAll(resource: DiscoveredResource, { namespace, signal }: { readonly namespace: string; readonly signal: AbortSignal }): Promise<readonly (readonly string[])[]> {
    const { client } = this.#context;
    const before = await client.list(resource, { namespace, signal });
    if (before.items.length === 0) return [];
    if (before.items.some(({ metadata }) => metadata.deletionTimestamp === undefined)) {
      if (resource.verbs.includes('deletecollection')) {
        await client.deleteCollection(resource, { namespace, propagationPolicy: 'Background', signal });
      } else {
        for (const { metadata } of before.items) await client.delete(resource, { namespace, name: metadata.name }, { propagationPolicy: 'Background', signal });
      }
    }
    const after = await client.list(resource, { namespace, signal });
    return after.items.map(({ metadata }) => metadata.finalizers ?? []);
  }
}

function isPods({ group, resource }: DiscoveredResource): boolean {
  return group === '' && resource === 'pods';
}

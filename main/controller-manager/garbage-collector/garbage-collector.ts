import type { KubernetesObject, OwnerReference } from '../../../kube/apimachinery/object-meta.ts';
import { isConflict, isNotFound } from '../../../kube/apimachinery/status.ts';
import { customresourcedefinitions } from '../../../kube/api/generated/apiextensions/v1.ts';
import { RateLimitedWorkQueue } from '../../../kube/client/rate-limited-work-queue.ts';
import type { ControllerContext } from '../controller-context.ts';
import { type DiscoveredResource, discoverResources } from '../discover-resources.ts';
import { FOREGROUND, type GraphChange, type GraphNode, ObjectGraph, ORPHAN } from './object-graph.ts';
import { type OwnerState, planDeletion } from './plan-deletion.ts';
import { ResourceMapper } from './resource-mapper.ts';

/** Upstream: the period of monitor sync; a new CRD is noticed at once through its own watch. */
const RESYNC_MS = 30_000;
const CRD_SETTLE_MS = 500;
const WORKERS = 10;
/** Upstream: DefaultIgnoredResources. */
const IGNORED = new Set(['events', 'events.events.k8s.io']);

/**
 * Deletes what has lost its last owner, and carries out orphan and foreground deletion, for every resource the server has (upstream:
 * pkg/controller/garbagecollector). Not a Controller of the common kind: its set of watches grows while it runs.
 */
export class GarbageCollector {
  readonly #context: ControllerContext;
  readonly #graph = new ObjectGraph();
  readonly #deleteQueue: RateLimitedWorkQueue<string>;
  readonly #orphanQueue: RateLimitedWorkQueue<string>;
  readonly #resyncQueue: RateLimitedWorkQueue<string>;
  readonly #watched = new Set<string>();
  readonly #stack = new DisposableStack();
  #mapper = new ResourceMapper([]);

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#deleteQueue = this.#stack.use(new RateLimitedWorkQueue<string>({ clock: context.clock }));
    this.#orphanQueue = this.#stack.use(new RateLimitedWorkQueue<string>({ clock: context.clock }));
    this.#resyncQueue = this.#stack.use(new RateLimitedWorkQueue<string>({ clock: context.clock }));
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const crds = this.#context.informers.informer(customresourcedefinitions);
    this.#stack.use(crds.onEvent(({ type }) => type !== 'delete' && this.#resyncQueue.addAfter('resync', CRD_SETTLE_MS)));
    this.#resyncQueue.add('resync');
    const workers = [
      this.#work(this.#resyncQueue, { signal, handle: () => this.#resync(signal) }),
      ...Array.from({ length: WORKERS }, () => this.#work(this.#deleteQueue, { signal, handle: (uid) => this.#attemptToDelete(uid, signal) })),
      this.#work(this.#orphanQueue, { signal, handle: (uid) => this.#orphan(uid, signal) }),
    ];
    await Promise.all(workers);
    this.#stack.dispose();
  }

  async #work(
    queue: RateLimitedWorkQueue<string>,
    { signal, handle }: { readonly signal: AbortSignal; readonly handle: (key: string) => Promise<void> },
  ): Promise<void> {
    while (!signal.aborted) {
      let key: string;
      try {
        key = await queue.get(signal);
      } catch {
        return;
      }
      try {
        await handle(key);
        queue.forget(key);
      } catch (error) {
        if (signal.aborted) return;
        if (!isConflict(error) && !isNotFound(error)) this.#context.log('garbage collection failed', { controller: 'garbage-collector', key, error });
        queue.addRateLimited(key);
      } finally {
        queue.done(key);
      }
    }
  }

  async #resync(signal: AbortSignal): Promise<void> {
    const { resources } = await discoverResources(this.#context.client, signal);
    this.#mapper = new ResourceMapper(resources);
    const fresh = resources.filter(({ verbs, resource, group }) => {
      const id = group === '' ? resource : `${resource}.${group}`;
      const monitored = ['delete', 'list', 'watch'].every((verb) => verbs.includes(verb));
      return monitored && !IGNORED.has(id) && !this.#watched.has(id);
    });
    for (const resource of fresh) this.#watch(resource);
    this.#resyncQueue.addAfter('resync', RESYNC_MS);
  }

  #watch(resource: DiscoveredResource): void {
    this.#watched.add(resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`);
    const { group, version, resource: name, kind, namespaced } = resource;
    const apiVersion = group === '' ? version : `${group}/${version}`;
    const informer = this.#context.informers.informer<KubernetesObject>({ group, version, resource: name, kind, namespaced }, { metadataOnly: true });
    this.#stack.use(
      informer.onEvent(({ type, object }) => {
        const uid = object.metadata.uid ?? '';
        this.#enqueue(type === 'delete' ? this.#graph.remove(uid) : this.#graph.upsert({ apiVersion, kind, metadata: object.metadata }));
      }),
    );
  }

  #enqueue({ toDelete, toOrphan }: GraphChange): void {
    for (const { uid } of toDelete) this.#deleteQueue.add(uid);
    for (const { uid } of toOrphan) this.#orphanQueue.add(uid);
  }

  async #attemptToDelete(uid: string, signal: AbortSignal): Promise<void> {
    const node = this.#graph.get(uid);
    if (node === undefined || node.virtual || (node.beingDeleted && !node.deletingDependents)) return;
    const resource = this.#mapper.resourceFor(node);
    if (resource === undefined) throw new Error(`Cannot collect ${node.kind} "${node.name}": the server does not serve its kind`);
    const live = await this.#live(resource, node, signal);
    if (live === undefined) {
      this.#enqueue(this.#graph.remove(uid));
      return;
    }
    if (node.deletingDependents) return this.#finishForeground(node, { resource, live, signal });
    const owners = await Promise.all(
      (live.metadata.ownerReferences ?? []).map(async (reference) => ({ reference, state: await this.#ownerState(reference, { node, signal }) })),
    );
    const step = planDeletion(live, { owners, dependents: node.dependents });
    if (step.action === 'dropOwners') await this.#dropOwners(resource, { live, uids: step.uids, signal });
    if (step.action === 'delete') {
      const { namespace, name, resourceVersion } = (step.unblock ? await this.#unblockOwners(resource, live, signal) : live).metadata;
      await this.#context.client.delete(resource, { namespace, name }, { propagationPolicy: step.policy, preconditions: { uid, resourceVersion }, signal });
    }
  }

  async #ownerState(reference: OwnerReference, { node, signal }: { readonly node: GraphNode; readonly signal: AbortSignal }): Promise<OwnerState> {
    const resource = this.#mapper.resourceFor(reference);
    if (resource === undefined) throw new Error(`Cannot collect ${node.kind} "${node.name}": nothing serves its owner ${reference.apiVersion} ${reference.kind}`);
    if (resource.namespaced && node.namespace === undefined) {
      // A cluster-scoped object cannot be owned from within a namespace: a mistake, and no reason to delete anything.
      this.#warnOwner(node, reference);
      return 'solid';
    }
    const known = this.#graph.get(reference.uid);
    if (known !== undefined && !known.virtual && known.namespace !== undefined && known.namespace !== node.namespace) this.#warnOwner(node, reference);
    const owner = await this.#live(resource, { uid: reference.uid, name: reference.name, namespace: resource.namespaced ? node.namespace : undefined }, signal);
    if (owner === undefined) return 'absent';
    const foreground = owner.metadata.deletionTimestamp !== undefined && (owner.metadata.finalizers ?? []).includes(FOREGROUND);
    return foreground ? 'waitingForDependents' : 'solid';
  }

  #warnOwner(node: GraphNode, reference: OwnerReference): void {
    const text = `[${reference.apiVersion}/${reference.kind}, namespace: ${node.namespace ?? ''}, name: ${reference.name}, uid: ${reference.uid}]`;
    const { apiVersion, kind, name, namespace, uid } = node;
    const object = { apiVersion, kind, metadata: { name, namespace, uid } };
    const message = `ownerRef ${text} does not exist in namespace ${JSON.stringify(namespace ?? '')}`;
    this.#context.recorder.event({ object, type: 'Warning', reason: 'OwnerRefInvalidNamespace', message });
  }

  /** Undefined when it is gone, or replaced by a namesake. */
  async #live(
    resource: DiscoveredResource,
    { uid, name, namespace }: { readonly uid: string; readonly name: string; readonly namespace: string | undefined },
    signal: AbortSignal,
  ): Promise<KubernetesObject | undefined> {
    try {
      const live = await this.#context.client.get(resource, { namespace, name }, { signal });
      return live.metadata.uid === uid ? live : undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** The owner goes once no dependent holds it back. */
  async #finishForeground(node: GraphNode, { resource, live, signal }: { readonly resource: DiscoveredResource; readonly live: KubernetesObject; readonly signal: AbortSignal }): Promise<void> {
    const blocking = [...node.dependents].filter(({ owners }) => owners.some(({ uid, blockOwnerDeletion }) => uid === node.uid && blockOwnerDeletion === true));
    if (blocking.length === 0) return this.#removeFinalizer(resource, { live, finalizer: FOREGROUND, signal });
    for (const dependent of blocking) if (!dependent.deletingDependents) this.#deleteQueue.add(dependent.uid);
  }

  async #orphan(uid: string, signal: AbortSignal): Promise<void> {
    const node = this.#graph.get(uid);
    const resource = node === undefined ? undefined : this.#mapper.resourceFor(node);
    if (node === undefined || resource === undefined) return;
    await Promise.all(
      [...node.dependents].map(async (dependent) => {
        const its = this.#mapper.resourceFor(dependent);
        const live = its === undefined ? undefined : await this.#live(its, dependent, signal);
        if (its !== undefined && live !== undefined) await this.#dropOwners(its, { live, uids: [uid], signal });
      }),
    );
    const live = await this.#live(resource, node, signal);
    if (live !== undefined) await this.#removeFinalizer(resource, { live, finalizer: ORPHAN, signal });
  }

  async #unblockOwners(resource: DiscoveredResource, live: KubernetesObject, signal: AbortSignal): Promise<KubernetesObject> {
    const { namespace, name, uid, resourceVersion, ownerReferences = [] } = live.metadata;
    const patch = { metadata: { uid, resourceVersion, ownerReferences: ownerReferences.map((reference) => ({ ...reference, blockOwnerDeletion: false })) } };
    return this.#context.client.patch(resource, { namespace, name }, { type: 'merge', patch }, { signal });
  }

  async #dropOwners(resource: DiscoveredResource, { live, uids, signal }: { readonly live: KubernetesObject; readonly uids: readonly string[]; readonly signal: AbortSignal }): Promise<void> {
    const { namespace, name, uid, resourceVersion } = live.metadata;
    const ownerReferences = (live.metadata.ownerReferences ?? []).filter((reference) => !uids.includes(reference.uid));
    const patch = { metadata: { uid, resourceVersion, ownerReferences: ownerReferences.length > 0 ? ownerReferences : null } };
    await this.#context.client.patch(resource, { namespace, name }, { type: 'merge', patch }, { signal });
  }

  async #removeFinalizer(resource: DiscoveredResource, { live, finalizer, signal }: { readonly live: KubernetesObject; readonly finalizer: string; readonly signal: AbortSignal }): Promise<void> {
    const { namespace, name, uid, resourceVersion } = live.metadata;
    const finalizers = (live.metadata.finalizers ?? []).filter((candidate) => candidate !== finalizer);
    const patch = { metadata: { uid, resourceVersion, finalizers: finalizers.length > 0 ? finalizers : null } };
    await this.#context.client.patch(resource, { namespace, name }, { type: 'merge', patch }, { signal });
  }
}

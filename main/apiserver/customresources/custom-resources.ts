import type * as apiextensions from '../../../kube/api/generated/apiextensions/v1.ts';
import { deepEqual } from '../../../kube/apimachinery/json.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { isNotFound } from '../../../kube/apimachinery/status.ts';
import type { ResourceCatalog, ServedResource } from '../registry/catalog.ts';
import { followObjects } from '../registry/follow-objects.ts';
import { timestamp } from '../registry/generic/deletion.ts';
import { nameOf, type Registry, type WriteContext } from '../registry/generic/registry.ts';
import { CustomResource, type CustomResourceOptions } from './custom-resource.ts';
import { CLEANUP_FINALIZER } from './definition-deletion.ts';
import { StatusTracker } from './tracked-status.ts';
import { computeDefinitionStatus, isConditionTrue, withCondition } from './definition-status.ts';

type Definition = apiextensions.CustomResourceDefinition;
type Status = apiextensions.CustomResourceDefinitionStatus;

export interface CustomResourcesOptions extends CustomResourceOptions {
  readonly catalog: ResourceCatalog;
  readonly reportError: (error: unknown, path: string) => void;
}

interface Serving {
  readonly resource: CustomResource;
  readonly entries: readonly ServedResource[];
}

const DEFINITIONS = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' };
/** Between two looks at objects whose own finalizers keep a definition from going. */
const CLEANUP_RETRY_MS = 500;

/**
 * Keeps the catalog as the CustomResourceDefinitions say, and the definitions' status as the catalog is: upstream's serving handler and
 * its naming, establishing and finalizing controllers in one. Follows the definitions in this process, so that a new one is served within
 * milliseconds. Work on one definition is done in order; definitions do not wait for each other.
 */
export class CustomResources implements AsyncDisposable {
  readonly #options: CustomResourcesOptions;
  readonly #registry: Registry;
  readonly #tracker = new StatusTracker();
  readonly #definitions = new Map<string, Definition>();
  readonly #serving = new Map<string, Serving>();
  readonly #work = new Map<string, Promise<void>>();
  readonly #closing = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: CustomResourcesOptions) {
    this.#options = options;
    const registry = options.catalog.registry(DEFINITIONS);
    if (!registry) throw new Error('Cannot serve custom resources: customresourcedefinitions are not in the catalog');
    this.#registry = registry;
  }

  /** Resolves when the definitions of the start are served. */
  async start(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let gone = new Set<string>();
    const follower = {
      clear: () => void (gone = new Set(this.#definitions.keys())),
      set: (object: KubernetesObject) => {
        gone.delete(object.metadata.name);
        this.#set(object as Definition);
      },
      remove: (object: KubernetesObject) => this.#remove(object.metadata.name),
      synced: () => {
        for (const name of gone) this.#remove(name);
        gone = new Set();
        resolve();
      },
    };
    this.#loop = followObjects(this.#registry.storage, follower, { signal: this.#stop.signal, clock: this.#options.clock });
    await promise;
  }

  #set(definition: Definition): void {
    const { name } = definition.metadata;
    this.#definitions.set(name, definition);
    if (isConditionTrue(definition, 'Established')) this.#serve(definition);
    this.#schedule(name);
  }

  #remove(name: string): void {
    const removed = this.#definitions.get(name);
    this.#definitions.delete(name);
    this.#unserve(name);
    // Names that others waited for are free now.
    for (const other of this.#definitions.values()) {
      if (other.spec.group === removed?.spec.group && !isConditionTrue(other, 'NamesAccepted')) this.#schedule(other.metadata.name);
    }
  }

  #serve(definition: Definition): void {
    const { name } = definition.metadata;
    const { catalog } = this.#options;
    let serving = this.#serving.get(name);
    if (serving && !serving.resource.accepts(definition)) {
      this.#unserve(name);
      serving = undefined;
    }
    const resource = serving?.resource ?? new CustomResource(definition, this.#options);
    resource.update(definition);
    const entries = resource.served();
    for (const entry of entries) catalog.add(entry);
    const isServed = new Set(entries.map(({ info }) => info.version));
    for (const entry of serving?.entries ?? []) if (!isServed.has(entry.info.version)) catalog.remove(entry);
    this.#serving.set(name, { resource, entries });
  }

  #unserve(name: string): void {
    const serving = this.#serving.get(name);
    if (!serving) return;
    this.#serving.delete(name);
    for (const entry of serving.entries) this.#options.catalog.remove(entry);
    const closed = serving.resource[Symbol.asyncDispose]().catch((error: unknown) => this.#options.reportError(error, name));
    this.#closing.add(closed);
    closed.finally(() => this.#closing.delete(closed)).catch(() => {});
  }

  #schedule(name: string): void {
    const previous = this.#work.get(name) ?? Promise.resolve();
    const next = previous.then(() => this.#reconcile(name)).catch((error: unknown) => {
      if (!this.#stop.signal.aborted && !isNotFound(error)) this.#options.reportError(error, name);
    });
    this.#work.set(name, next);
    next.finally(() => {
      if (this.#work.get(name) === next) this.#work.delete(name);
    }).catch(() => {});
  }

  async #reconcile(name: string): Promise<void> {
    const definition = this.#definitions.get(name);
    if (!definition || this.#stop.signal.aborted) return;
    if (definition.metadata.deletionTimestamp) return this.#cleanUp(definition);
    if (deepEqual(this.#statusOf(definition), definition.status)) return;
    const result = await this.#registry.update({ name }, this.#context('status'), {
      change: (current) => this.#withStatus(current as Definition, this.#statusOf(current as Definition)),
    });
    if (!this.#definitions.has(name)) return;
    const written = result.object as Definition;
    this.#definitions.set(name, written);
    if (isConditionTrue(written, 'Established')) this.#serve(written);
  }

  #statusOf(definition: Definition): Status {
    const others = [...this.#definitions.values()].filter(({ spec, metadata }) => spec.group === definition.spec.group && metadata.name !== definition.metadata.name);
    return computeDefinitionStatus(definition, others, timestamp(this.#options.clock.now()));
  }

  /** All objects go first; then the definition may. */
  async #cleanUp(definition: Definition): Promise<void> {
    const { name, finalizers = [] } = definition.metadata;
    if (!finalizers.includes(CLEANUP_FINALIZER)) return;
    if (isConditionTrue(definition, 'Established')) {
      await this.#setTerminating(name, { status: 'True', reason: 'InstanceDeletionInProgress', message: 'CustomResource deletion is in progress' });
      await this.#deleteInstances(name);
    }
    await this.#setTerminating(name, { status: 'False', reason: 'InstanceDeletionCompleted', message: 'removed all instances' });
    await this.#registry.update({ name }, this.#context(), {
      change: (current) => ({ ...current, metadata: { ...current?.metadata, finalizers: (current?.metadata.finalizers ?? []).filter((one) => one !== CLEANUP_FINALIZER) } }) as KubernetesObject,
    });
  }

  async #deleteInstances(name: string): Promise<void> {
    for (;;) {
      const registry = this.#serving.get(name)?.resource.registry;
      if (!registry) return;
      const { items } = await registry.storage.list();
      if (items.length === 0) return;
      for (const { object } of items) {
        if (object.metadata.deletionTimestamp) continue;
        await registry.delete(nameOf(object), this.#context(), {}).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
      }
      if ((await registry.storage.count()) > 0) await this.#options.clock.sleep(CLEANUP_RETRY_MS, this.#stop.signal);
    }
  }

  async #setTerminating(name: string, verdict: { readonly status: string; readonly reason: string; readonly message: string }): Promise<void> {
    const now = timestamp(this.#options.clock.now());
    await this.#registry.update({ name }, this.#context('status'), {
      change: (current) => {
        const { status } = current as Definition;
        return this.#withStatus(current as Definition, { ...status, conditions: withCondition(status?.conditions ?? [], { type: 'Terminating', ...verdict }, now) } as Status);
      },
    });
  }

  #withStatus(current: Definition, status: Status): KubernetesObject {
    return this.#tracker.withStatus(current, status, this.#options.clock.now());
  }

  #context(subresource?: string): WriteContext {
    return { user: { name: 'system:apiserver', groups: ['system:masters'] }, dryRun: false, version: 'v1', warnings: [], ...(subresource ? { subresource } : {}) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the API server is shutting down'));
    await Promise.allSettled([this.#loop, ...this.#work.values()]);
    for (const name of this.#serving.keys()) this.#unserve(name);
    await Promise.allSettled(this.#closing);
  }
}

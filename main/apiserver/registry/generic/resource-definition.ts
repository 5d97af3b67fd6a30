import type { FieldError } from '../../../../kube/apimachinery/field-error.ts';
import type { Resource } from '../../../../kube/apimachinery/gvr.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import type { Strategy, StrategyContext } from './strategy.ts';

/**
 * Everything the API server knows of one built-in resource. `registry/resources.ts` lists them by `plural.group` (`pods`,
 * `deployments.apps`); a resource that is not listed there is served with the default strategy.
 */
export interface ResourceDefinition<T extends KubernetesObject = KubernetesObject> {
  /** The version that is stored, and in which the strategy works. */
  readonly resource: Resource<T>;
  readonly strategy: Strategy<T>;
  /** Messages of what is wrong with metadata.name; `prefix` is true for a generateName. Default: a DNS-1123 subdomain. */
  validateName?(name: string, prefix: boolean): readonly string[];
  /** Errors of a create that depend on other objects; they are listed with the strategy's own, before them. */
  referenceErrors?(obj: T): Promise<readonly FieldError[]>;
  /** Which rules metadata keeps beyond those of all objects. */
  metadataRules?(context: StrategyContext): MetadataRules;
  /** Other versions of the same stored objects (events.k8s.io/v1 Event, autoscaling/v1 HorizontalPodAutoscaler). */
  readonly alternatives?: readonly AlternativeVersion<T>[];
  /**
   * Takes what must be unique in the cluster (a cluster IP, a node port) before the write, after admission and prepareForCreate, before
   * validation. Throws a StatusError to refuse. Exactly one of commit and rollback is called, once, when the outcome is known.
   */
  beginCreate?(obj: T, context: StrategyContext): Promise<Reservation<T>>;
  beginUpdate?(next: T, previous: T, context: StrategyContext): Promise<Reservation<T>>;
  /** Objects that go away by themselves (events); undefined asks for an update. */
  ttlSeconds?(obj: T | undefined): number | undefined;
  /** DELETE answers the object, not a Status. */
  readonly returnDeletedObject?: boolean;
  /** A field that most watches select by (`spec.nodeName` of pods). */
  readonly indexedField?: string;
  /** Below /registry/; default: the plural for the core group, else `group/plural`. */
  readonly storagePrefix?: string;
  /** Why the object of that name is never deleted by itself, whether it is there or not (upstream: REST.Delete of its storage; collections are not asked). */
  refusesDelete?(name: string): string | undefined;
  /** Changes an object that is about to be deleted: adds the finalizers that keep it. Pure; not called again for one that is going already. */
  prepareForDelete?(obj: T, nowMs: number): T;
  /**
   * The first DELETE marks the object by itself, with nothing else or with the finalizers that its options ask for, and its preconditions are refused in words
   * of their own (upstream: the Delete of CustomResourceDefinitions and of namespaces).
   */
  readonly marksFirst?: 'alone' | 'withFinalizers';
  /** Gives back what beginCreate took. After the object is gone from storage. */
  afterDelete?(obj: T): void;
  /** Runs once at start with all stored objects, before the first request: rebuilds allocator state. */
  restore?(objects: readonly T[]): void;
  /** Upstream reads these without a watch cache. */
  readonly uncached?: boolean;
  /** Changes a copy of what a read answers (upstream's decorators). Rare: it costs the byte copy. */
  decorate?(obj: T): T;
}

/** Where a resource's own validation of metadata differs from most; everything left out is as most have it. */
export interface MetadataRules {
  /** False: the strategy checks no metadata, so that names are bound by the path alone. */
  readonly own?: boolean;
  /** Finalizers need no domain. */
  readonly plainFinalizers?: boolean;
  /** What an update checks: what may not change, and everything as a create does, in the order of upstream's ValidateXUpdate. Default `changes`. */
  readonly onUpdate?: 'changes' | 'everything' | 'everythingTwice' | 'changesThenEverything' | 'everythingThenChanges';
}

export interface AlternativeVersion<T extends KubernetesObject = KubernetesObject> {
  readonly resource: Resource<KubernetesObject>;
  /** The field labels of its selectors and what each stands for in the stored version. Default: the same as there. */
  readonly fieldLabels?: ReadonlyMap<string, string>;
  /** Defaults of this version, on its own shape, before toStorage. */
  applyDefaults?(obj: KubernetesObject): void;
  /** Pure; the input is not changed. */
  toStorage(obj: KubernetesObject): T;
  fromStorage(obj: T): KubernetesObject;
}

export interface Reservation<T> {
  /** The object with what was allocated filled in. */
  readonly object: T;
  commit(): void;
  rollback(): void;
}

/** `pods`, `deployments.apps`: the key of a resource in tables. */
export function resourceKey(resource: { readonly group: string; readonly resource: string }): string {
  return resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
}

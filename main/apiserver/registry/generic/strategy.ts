import type { FieldError } from '../../../../kube/apimachinery/field-error.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';

/**
 * What one resource adds to the flow that all resources share. The generic registry has by then decoded, pruned unknown fields and
 * checked metadata; it fills uid, creationTimestamp, generation, resourceVersion and managedFields itself.
 *
 * Every function is pure: it returns a new value, or the given one when there is nothing to change (inputs may be frozen), except
 * `applyDefaults`, which changes a freshly decoded object in place because it runs on every request.
 */
export interface Strategy<T extends KubernetesObject = KubernetesObject> {
  readonly namespaced: boolean;
  readonly allowCreateOnUpdate: boolean;
  readonly allowUnconditionalUpdate: boolean;
  /** Grace period of a DELETE without one; absent: deletes at once. Returns undefined for «delete at once». */
  gracePeriodSeconds?(obj: T, requested: number | undefined): number | undefined;
  /** Finalizers beyond metadata.finalizers that keep a deleted object: a Namespace's spec.finalizers. */
  specFinalizers?(obj: T): readonly string[];
  /** Fills upstream's defaults of this version's defaulting functions. Runs on create, update, patch and on read from storage. */
  applyDefaults?(obj: T): void;
  /** Drops what a client may not set (status, on a create), sets initial status and generated fields. */
  prepareForCreate(obj: T, context: StrategyContext): T;
  validate(obj: T, context: StrategyContext): readonly FieldError[];
  /** Keeps status and immutable generated fields of `previous`. Bumping metadata.generation is done by the registry when `spec`-like parts differ. */
  prepareForUpdate(next: T, previous: T, context: StrategyContext): T;
  validateUpdate(next: T, previous: T, context: StrategyContext): readonly FieldError[];
  /** Beyond metadata.name and metadata.namespace: `{ 'spec.nodeName': 'a', 'status.phase': 'Running' }`. */
  selectableFields?(obj: T): Readonly<Record<string, string>>;
  warnings?(obj: T, previous: T | undefined): readonly string[];
  /**
   * Whether metadata.generation counts changes of all but metadata and status; default true. An empty list is as good as none, but for
   * 'exactly', where giving one counts (upstream: apiequality.Semantic or reflect.DeepEqual).
   */
  readonly generation?: boolean | 'exactly';
  /** A DELETE that does not say otherwise keeps the dependents (upstream: DefaultGarbageCollectionPolicy, OrphanDependents). */
  readonly orphansByDefault?: boolean;
  /** Nothing depends on such objects: they are deleted the same whatever the propagation policy. */
  readonly ignoresPropagation?: boolean;
  /** Absent: no status subresource. */
  readonly status?: StatusStrategy<T>;
  readonly scale?: ScaleStrategy<T>;
  /** Other parts that are written by themselves: `ephemeralcontainers`, `resize`, `finalize`, `approval`. */
  readonly subresources?: Readonly<Record<string, StatusStrategy<T>>>;
}

export interface StatusStrategy<T> {
  /** Keeps everything of `previous` but status (and what upstream lets a status update change in metadata). */
  prepareForUpdate(next: T, previous: T, context: StrategyContext): T;
  validateUpdate(next: T, previous: T, context: StrategyContext): readonly FieldError[];
  warnings?(next: T): readonly string[];
}

/** Where autoscaling/v1 Scale reads and writes. */
export interface ScaleStrategy<T> {
  /** `missing`: where the spec has none, which a custom resource may lack. */
  replicas(obj: T): { readonly spec: number; readonly status: number; readonly selector: string; readonly missing?: string };
  withReplicas(obj: T, replicas: number): T;
  /** Where withReplicas writes; default `spec.replicas`. */
  replicasPath?(): readonly string[];
}

export interface StrategyContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly user: { readonly name: string; readonly uid?: string; readonly groups: readonly string[]; readonly extra?: Readonly<Record<string, readonly string[]>> };
  readonly dryRun: boolean;
  readonly subresource?: string;
  /** The API version of the request (`v1`, `v1beta1`), where defaults or validation differ. */
  readonly version: string;
  /** The API group of the request: events are served by two. */
  readonly group?: string;
  /** Adds a Warning to the answer, once. */
  warn?(text: string): void;
}

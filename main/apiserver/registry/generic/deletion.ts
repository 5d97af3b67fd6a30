import type { FieldError } from '../../../../kube/apimachinery/field-error.ts';
import type { KubernetesObject, ObjectMeta } from '../../../../kube/apimachinery/object-meta.ts';
import { newConflict, newInvalid, type GroupResource } from '../../../../kube/apimachinery/status-errors.ts';
import type { Strategy } from './strategy.ts';

/** metav1.DeleteOptions as the registry reads them. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly orphanDependents?: boolean;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: readonly string[];
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean;
}

/** What a DELETE does to a stored object: nothing more, change it, or remove it. Pure. */
export type DeletionPlan<T> =
  | { readonly action: 'alreadyPending' }
  | { readonly action: 'update'; readonly object: T }
  /** The object as it last was. */
  | { readonly action: 'remove'; readonly object: T };

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

export function planDeletion<T extends KubernetesObject>(
  stored: T,
  options: DeleteOptions,
  { strategy, nowMs }: { readonly strategy: Strategy<T>; readonly nowMs: number },
): DeletionPlan<T> {
  const finalizers = finalizersAfter(stored.metadata, options, strategy);
  const finalizersChanged = finalizers !== undefined;
  const metadata: ObjectMeta = { ...stored.metadata };
  if (finalizersChanged) setFinalizers(metadata, finalizers);
  const pendingFinalizers = (metadata.finalizers?.length ?? 0) + (strategy.specFinalizers?.(stored).length ?? 0) > 0;
  const graceful = planGrace(stored, options, { strategy, nowMs });
  if (graceful === 'pending' && !finalizersChanged) return { action: 'alreadyPending' };
  if (typeof graceful === 'object') {
    Object.assign(metadata, graceful);
    if (!stored.metadata.deletionTimestamp && (metadata.generation ?? 0) > 0) metadata.generation = (metadata.generation ?? 0) + 1;
    const isOver = !pendingFinalizers && graceful.deletionGracePeriodSeconds === 0;
    return { action: isOver ? 'remove' : 'update', object: { ...stored, metadata } };
  }
  if (!pendingFinalizers && graceful !== 'pending') return { action: 'remove', object: finalizersChanged ? { ...stored, metadata } : stored };
  if (graceful !== 'pending') {
    if (!metadata.deletionTimestamp) {
      if ((metadata.generation ?? 0) > 0) metadata.generation = (metadata.generation ?? 0) + 1;
      metadata.deletionTimestamp = timestamp(nowMs);
    } else if (!finalizersChanged && !metadata.deletionGracePeriodSeconds) return { action: 'alreadyPending' };
    // A namespace ends with its content, not after a grace period.
    if (!strategy.specFinalizers) metadata.deletionGracePeriodSeconds = 0;
  }
  return { action: 'update', object: { ...stored, metadata } };
}

/** 'none': the resource has no grace; 'pending': the deletion that is under way stays as it is. */
function planGrace<T extends KubernetesObject>(
  stored: T,
  options: DeleteOptions,
  { strategy, nowMs }: { readonly strategy: Strategy<T>; readonly nowMs: number },
): 'none' | 'pending' | { deletionTimestamp: string; deletionGracePeriodSeconds: number } {
  if (!strategy.gracePeriodSeconds) return 'none';
  const { deletionTimestamp, deletionGracePeriodSeconds: current } = stored.metadata;
  const requested = options.gracePeriodSeconds !== undefined && options.gracePeriodSeconds < 0 ? 1 : options.gracePeriodSeconds;
  if (deletionTimestamp) {
    if (current === undefined || requested === undefined || requested >= current) return current === 0 && requested === 0 ? 'none' : 'pending';
    const shortened = Date.parse(deletionTimestamp) - (current - requested) * 1000;
    return { deletionTimestamp: timestamp(shortened), deletionGracePeriodSeconds: requested };
  }
  const seconds = strategy.gracePeriodSeconds(stored, requested);
  if (seconds === undefined) return { deletionTimestamp: timestamp(nowMs), deletionGracePeriodSeconds: 0 };
  return { deletionTimestamp: timestamp(nowMs + seconds * 1000), deletionGracePeriodSeconds: seconds };
}

/** The finalizers that the propagation policy asks for; undefined when they are right already. */
function finalizersAfter(meta: ObjectMeta, options: DeleteOptions, strategy: Pick<Strategy, 'orphansByDefault' | 'ignoresPropagation'>): string[] | undefined {
  if (strategy.ignoresPropagation) return undefined;
  const before = meta.finalizers ?? [];
  const policy = options.propagationPolicy;
  const isDefault = strategy.orphansByDefault === true && !before.includes(FOREGROUND);
  const orphan = options.orphanDependents ?? (policy ? policy === 'Orphan' : before.includes(ORPHAN) || isDefault);
  const foreground =
    options.orphanDependents !== undefined ? false : policy ? policy === 'Foreground' : before.includes(FOREGROUND) && !before.includes(ORPHAN);
  const after = before.filter((name) => name !== ORPHAN && name !== FOREGROUND);
  if (orphan) after.push(ORPHAN);
  if (foreground) after.push(FOREGROUND);
  const same = after.length === before.length && after.every((name) => before.includes(name));
  return same ? undefined : after;
}

function setFinalizers(meta: ObjectMeta, finalizers: string[]): void {
  if (finalizers.length > 0) meta.finalizers = finalizers;
  else delete meta.finalizers;
}

/** In the words of a delete that marks first. */
export function checkMarkPreconditions(resource: GroupResource, { name, uid, resourceVersion }: ObjectMeta, { preconditions }: DeleteOptions): void {
  for (const [field, wanted, found] of [['UID', preconditions?.uid, uid], ['ResourceVersion', preconditions?.resourceVersion, resourceVersion]] as const) {
    if (wanted === undefined || wanted === found) continue;
    throw newConflict(resource, name, `Precondition failed: ${field} in precondition: ${wanted}, ${field} in object meta: ${found}`);
  }
}

/** What the first delete of such a kind leaves: the object with the time of it, and with the finalizers that the options ask for. */
export function markDeleted<T extends KubernetesObject>(object: T, nowMs: number, options: DeleteOptions): DeletionPlan<T> {
  const metadata: ObjectMeta = { ...object.metadata, deletionTimestamp: timestamp(nowMs) };
  // Here whoever wants no orphans waits for the dependents; elsewhere those go in the background.
  const policy: DeleteOptions = options.orphanDependents === false ? { propagationPolicy: 'Foreground' } : options;
  const finalizers = finalizersAfter(metadata, policy, {});
  if (finalizers) setFinalizers(metadata, finalizers);
  return { action: 'update', object: { ...object, metadata } };
}

export function checkPreconditions(resource: GroupResource, meta: ObjectMeta, { preconditions }: DeleteOptions): void {
  const { uid, resourceVersion } = preconditions ?? {};
  if (uid !== undefined && uid !== meta.uid) {
    const reason = `the UID in the precondition (${uid}) does not match the UID in record (${meta.uid}). The object might have been deleted and then recreated`;
    throw newConflict(resource, meta.name, reason);
  }
  if (resourceVersion !== undefined && resourceVersion !== meta.resourceVersion) {
    const reason = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${meta.resourceVersion}). The object might have been modified`;
    throw newConflict(resource, meta.name, reason);
  }
}

/** An update that takes the last finalizer off a terminating object ends it. */
export function isDeletedByUpdate<T extends KubernetesObject>(next: T, { metadata: previous }: T, strategy: Strategy<T>): boolean {
  const kept = (next.metadata.finalizers?.length ?? 0) + (strategy.specFinalizers?.(next).length ?? 0) > 0;
  return !!previous.deletionTimestamp && !kept && !previous.deletionGracePeriodSeconds;
}

export function validateDeleteOptions(options: DeleteOptions): void {
  const errors: FieldError[] = [];
  const { propagationPolicy, orphanDependents, dryRun } = options;
  if (propagationPolicy !== undefined && orphanDependents !== undefined) {
    errors.push({ type: 'FieldValueInvalid', field: 'propagationPolicy', badValue: propagationPolicy, detail: 'orphanDependents and deletionPropagation cannot be both set' });
  }
  if (propagationPolicy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(propagationPolicy)) {
    const detail = 'supported values: "Foreground", "Background", "Orphan", "nil"';
    errors.push({ type: 'FieldValueNotSupported', field: 'propagationPolicy', badValue: propagationPolicy, detail });
  }
  errors.push(...validateDryRun(dryRun));
  if (errors.length > 0) throw newInvalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
}

export function validateDryRun(dryRun: readonly string[] | undefined): FieldError[] {
  if (!dryRun || dryRun.every((value) => value === 'All')) return [];
  return [{ type: 'FieldValueNotSupported', field: 'dryRun', badValue: dryRun, detail: 'supported values: "All"' }];
}

export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

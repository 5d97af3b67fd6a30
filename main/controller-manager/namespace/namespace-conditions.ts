import type { NamespaceCondition } from '../../../kube/api/generated/core/v1.ts';
import { formatTime } from '../../../kube/apimachinery/time.ts';

export interface DeletionProgress {
  readonly discoveryErrors: readonly string[];
  readonly deletionErrors: readonly string[];
  /** What is still there, by `resource.group`. */
  readonly remaining: ReadonlyMap<string, number>;
  readonly finalizers: ReadonlyMap<string, number>;
}

/** Upstream: namespaceConditionUpdater. The five conditions that explain why a namespace is still Terminating. */
export function namespaceConditions(
  previous: readonly NamespaceCondition[],
  { progress, nowMs }: { readonly progress: DeletionProgress; readonly nowMs: number },
): NamespaceCondition[] {
  const list = (counts: ReadonlyMap<string, number>, describe: (name: string, count: number) => string): string =>
    [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => describe(name, count)).join(', ');
  const next: Omit<NamespaceCondition, 'lastTransitionTime'>[] = [
    progress.discoveryErrors.length > 0
      ? condition('NamespaceDeletionDiscoveryFailure', 'DiscoveryFailed', `Discovery failed for some groups, ${progress.discoveryErrors.length} failing: ${progress.discoveryErrors.join(', ')}`)
      : fine('NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'),
    fine('NamespaceDeletionGroupVersionParsingFailure', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'),
    progress.deletionErrors.length > 0
      ? condition('NamespaceDeletionContentFailure', 'ContentDeletionFailed', `Failed to delete all resource types, ${progress.deletionErrors.length} remaining: ${progress.deletionErrors.join(', ')}`)
      : fine('NamespaceDeletionContentFailure', 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization'),
    progress.remaining.size > 0
      ? condition('NamespaceContentRemaining', 'SomeResourcesRemain', `Some resources are remaining: ${list(progress.remaining, (name, count) => `${name} has ${count} resource instances`)}`)
      : fine('NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'),
    progress.finalizers.size > 0
      ? condition('NamespaceFinalizersRemaining', 'SomeFinalizersRemain', `Some content in the namespace has finalizers remaining: ${list(progress.finalizers, (name, count) => `${name} in ${count} resource instances`)}`)
      : fine('NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'),
  ];
  return next.map((wanted) => {
    const known = previous.find(({ type }) => type === wanted.type);
    const lastTransitionTime = known?.status === wanted.status ? known.lastTransitionTime : formatTime(nowMs);
    return { ...wanted, lastTransitionTime };
  });
}

function condition(type: string, reason: string, message: string): Omit<NamespaceCondition, 'lastTransitionTime'> {
  return { type, status: 'True', reason, message };
}

function fine(type: string, reason: string, message: string): Omit<NamespaceCondition, 'lastTransitionTime'> {
  return { type, status: 'False', reason, message };
}

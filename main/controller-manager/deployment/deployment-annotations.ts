import type { Deployment, ReplicaSet } from '../../../kube/api/generated/apps/v1.ts';
import { allowedSurge } from './rolling-limits.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
]);
/** Upstream: maxRevHistoryLengthInChars. */
const REVISION_HISTORY_MAX_LENGTH = 2000;

/** An int64 in Go, hence no number of ours. What is none counts as 0. */
export function revisionOf(object: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } }): bigint {
  return parseRevision(object.metadata.annotations?.[REVISION]);
}

function parseRevision(text: string | undefined): bigint {
  return text !== undefined && /^[\-+]?\d{1,19}$/v.test(text) ? BigInt(text.replace(/^\+/v, '')) : 0n;
}

export function maxRevision(replicaSets: readonly ReplicaSet[]): bigint {
  return replicaSets.map(revisionOf).reduce((most, revision) => (revision > most ? revision : most), 0n);
}

/** What scaling leaves on a ReplicaSet, so that a later proportional scaling knows the sizes before it. */
export function replicasAnnotations(deployment: Deployment): Record<string, string> {
  const desired = deployment.spec.replicas ?? 1;
  return { [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(desired + allowedSurge(deployment)) };
}

/** Upstream: SetNewReplicaSetAnnotations. Returns all annotations that the new ReplicaSet should have. */
export function newReplicaSetAnnotations(
  deployment: Deployment,
  options: { readonly existing?: ReplicaSet; readonly revision: bigint },
): Record<string, string> {
  const { existing, revision } = options;
  const annotations: Record<string, string> = { ...existing?.metadata.annotations };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!NOT_COPIED.has(key)) annotations[key] = value;
  }
  const oldRevision = annotations[REVISION];
  if (oldRevision === undefined || parseRevision(oldRevision) < revision) {
    annotations[REVISION] = String(revision);
    if (existing !== undefined && oldRevision !== undefined) {
      annotations[REVISION_HISTORY] = appendRevision(annotations[REVISION_HISTORY], oldRevision);
    }
  }
  return existing === undefined ? { ...annotations, ...replicasAnnotations(deployment) } : annotations;
}

function appendRevision(history: string | undefined, revision: string): string {
  const revisions = history ? history.split(',') : [];
  revisions.push(revision);
  while (revisions.length > 1 && revisions.join(',').length > REVISION_HISTORY_MAX_LENGTH) revisions.shift();
  return revisions.join(',');
}

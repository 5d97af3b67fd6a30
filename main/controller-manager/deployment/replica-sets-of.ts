import type { Deployment, ReplicaSet } from '../../../kube/api/generated/apps/v1.ts';
import type { PodTemplateSpec } from '../../../kube/api/generated/core/v1.ts';
import { newControllerRef } from '../controller-ref.ts';
import { templateHash } from '../fnv.ts';
import { semanticEqual } from '../semantic-equal.ts';
import { newReplicaSetAnnotations } from './deployment-annotations.ts';

export const POD_TEMPLATE_HASH = 'pod-template-hash';

export function replicasOf(replicaSet: ReplicaSet): number {
  return replicaSet.spec.replicas ?? 1;
}

export function sumReplicas(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((sum, replicaSet) => sum + replicasOf(replicaSet), 0);
}

export function sumAvailable(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((sum, replicaSet) => sum + (replicaSet.status?.availableReplicas ?? 0), 0);
}

export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  const left = a.metadata.creationTimestamp ?? '';
  const right = b.metadata.creationTimestamp ?? '';
  if (left !== right) return left < right ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

/** Upstream: EqualIgnoreHash. */
export function sameTemplate(left: PodTemplateSpec | undefined, right: PodTemplateSpec | undefined): boolean {
  return semanticEqual(withoutHash(left), withoutHash(right));
}

function withoutHash(template: PodTemplateSpec | undefined): object {
  const { creationTimestamp: _unset, ...metadata } = template?.metadata ?? {};
  const { [POD_TEMPLATE_HASH]: _hash, ...labels } = metadata.labels ?? {};
  return { metadata: { ...metadata, labels }, spec: template?.spec };
}

/** The oldest ReplicaSet with the Deployment's template is the new one; all others are old. */
export function splitReplicaSets(
  deployment: Deployment,
  replicaSets: readonly ReplicaSet[],
): { readonly current: ReplicaSet | undefined; readonly old: readonly ReplicaSet[] } {
  const sorted = replicaSets.toSorted(byCreation);
  const current = sorted.find((candidate) => sameTemplate(candidate.spec.template, deployment.spec.template));
  return { current, old: sorted.filter((candidate) => candidate !== current) };
}

/** The ReplicaSet that the Deployment's template asks for. */
export function buildReplicaSet(
  deployment: Deployment,
  options: { readonly revision: bigint; readonly replicas: number },
): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = templateHash(template, deployment.status?.collisionCount ?? 0);
  const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels,
      annotations: newReplicaSetAnnotations(deployment, { revision: options.revision }),
      ownerReferences: [newControllerRef(deployment)],
    },
    spec: {
      replicas: options.replicas,
      ...(minReadySeconds && { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [POD_TEMPLATE_HASH]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

import type { ControllerRevision, StatefulSet } from '../../../kube/api/generated/apps/v1.ts';
import type { PersistentVolumeClaim, Pod, PodTemplateSpec } from '../../../kube/api/generated/core/v1.ts';
import { newControllerRef } from '../controller-ref.ts';
import { podFromTemplate } from '../pod-control.ts';
import { CONTROLLER_REVISION_HASH } from '../revisions/controller-revision.ts';

const POD_NAME = 'statefulset.kubernetes.io/pod-name';
const POD_INDEX = 'apps.kubernetes.io/pod-index';

/** The number at the end of a pod's name; undefined when the pod is none of this set's. */
export function ordinalOf(set: StatefulSet, { metadata }: Pod): number | undefined {
  const prefix = `${set.metadata.name}-`;
  const text = metadata.name.startsWith(prefix) ? metadata.name.slice(prefix.length) : '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** A StatefulSet's pods carry the revision's whole name. */
export function podRevision({ metadata }: Pod): string {
  return metadata.labels?.[CONTROLLER_REVISION_HASH] ?? '';
}

function templateOf(revision: ControllerRevision): PodTemplateSpec {
  const data = revision.data as unknown as { readonly spec: { readonly template: PodTemplateSpec & { $patch?: string } } };
  const { $patch: _directive, ...template } = data.spec.template;
  return template;
}

export function claimName(template: string, podName: string): string {
  return `${template}-${podName}`;
}

export function newStatefulPod(set: StatefulSet, { ordinal, revision }: { readonly ordinal: number; readonly revision: ControllerRevision }): Pod {
  const name = `${set.metadata.name}-${ordinal}`;
  const pod = podFromTemplate(templateOf(revision), set);
  const claims = set.spec.volumeClaimTemplates ?? [];
  const own = new Set(claims.map((claim) => claim.metadata.name));
  const volumes = [
    ...claims.map((claim) => ({ name: claim.metadata.name, persistentVolumeClaim: { claimName: claimName(claim.metadata.name, name) } })),
    ...(pod.spec.volumes ?? []).filter((volume) => !own.has(volume.name)),
  ];
  return {
    ...pod,
    metadata: { ...pod.metadata, name, labels: { ...pod.metadata.labels, [POD_NAME]: name, [POD_INDEX]: String(ordinal), [CONTROLLER_REVISION_HASH]: revision.metadata.name } },
    spec: { ...pod.spec, hostname: name, ...(set.spec.serviceName && { subdomain: set.spec.serviceName }), ...(volumes.length > 0 && { volumes }) },
  };
}

/** The claims that a pod's volumes need, before the pod can be. */
export function claimsFor(set: StatefulSet, podName: string): readonly PersistentVolumeClaim[] {
  const deleted = set.spec.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete';
  return (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    ...template,
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...template.metadata,
      name: claimName(template.metadata.name, podName),
      namespace: set.metadata.namespace,
      labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
      ...(deleted && { ownerReferences: [newControllerRef(set)] }),
    },
  }));
}

import type { DaemonSet } from '../../../kube/api/generated/apps/v1.ts';
import type { Node, Pod, Toleration } from '../../../kube/api/generated/core/v1.ts';
import { matchesLabels, newRequirement } from '../../../kube/apimachinery/label-selector.ts';
import { podFromTemplate } from '../pod-control.ts';
import { CONTROLLER_REVISION_HASH } from '../revisions/controller-revision.ts';
import { tolerates } from '../taint-eviction/taint-eviction-controller.ts';

const NODE = 'node.kubernetes.io';

/** Upstream: AddOrUpdateDaemonPodTolerations. */
function daemonTolerations(pod: Pod): Toleration[] {
  const exists = (key: string, effect: string): Toleration => ({ key: `${NODE}/${key}`, operator: 'Exists', effect });
  const wanted = [
    exists('not-ready', 'NoExecute'),
    exists('unreachable', 'NoExecute'),
    exists('disk-pressure', 'NoSchedule'),
    exists('memory-pressure', 'NoSchedule'),
    exists('pid-pressure', 'NoSchedule'),
    exists('unschedulable', 'NoSchedule'),
    ...(pod.spec.hostNetwork === true ? [exists('network-unavailable', 'NoSchedule')] : []),
  ];
  const own = pod.spec.tolerations ?? [];
  const isNew = (toleration: Toleration): boolean => !own.some(({ key, operator, effect }) => key === toleration.key && operator === toleration.operator && effect === toleration.effect);
  return [...own, ...wanted.filter(isNew)];
}

/** The daemon's pod for one node: the scheduler binds it, since only that node satisfies it. */
export function newDaemonPod(daemonSet: DaemonSet, { nodeName, hash }: { readonly nodeName: string; readonly hash: string }): Pod {
  const pod = podFromTemplate(daemonSet.spec.template, daemonSet);
  const generation = daemonSet.metadata.annotations?.['deprecated.daemonset.template.generation'];
  const labels = { ...pod.metadata.labels, [CONTROLLER_REVISION_HASH]: hash, ...(generation !== undefined && { 'pod-template-generation': generation }) };
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [{}];
  const pin = [{ key: 'metadata.name', operator: 'In', values: [nodeName] }];
  const nodeAffinity = {
    ...pod.spec.affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: required.map(({ matchExpressions }) => ({ ...(matchExpressions && { matchExpressions }), matchFields: pin })) },
  };
  return {
    ...pod,
    metadata: { ...pod.metadata, labels },
    spec: { ...pod.spec, affinity: { ...pod.spec.affinity, nodeAffinity }, tolerations: daemonTolerations(pod) },
  };
}

/** The node that a daemon pod is for, also before it is bound. */
export function targetNode(pod: Pod): string | undefined {
  if (pod.spec.nodeName) return pod.spec.nodeName;
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return terms.flatMap(({ matchFields = [] }) => matchFields).find(({ key }) => key === 'metadata.name')?.values?.[0];
}

/** Upstream: NodeShouldRunDaemonPod. A daemon may stay on a node that it could not newly go to. */
export function daemonFits(daemonSet: DaemonSet, node: Node): { readonly shouldRun: boolean; readonly shouldContinue: boolean } {
  const pod = newDaemonPod(daemonSet, { nodeName: node.metadata.name, hash: '' });
  const { nodeName, nodeSelector } = daemonSet.spec.template.spec ?? {};
  if (nodeName && nodeName !== node.metadata.name) return { shouldRun: false, shouldContinue: false };
  const labels = node.metadata.labels ?? {};
  const selected = Object.entries(nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  if (!selected || !affinityFits(daemonSet, node)) return { shouldRun: false, shouldContinue: false };
  const tolerations = pod.spec.tolerations ?? [];
  const untolerated = (node.spec?.taints ?? []).filter((taint) => taint.effect !== 'PreferNoSchedule' && !tolerations.some((toleration) => tolerates(toleration, taint)));
  if (untolerated.length === 0) return { shouldRun: true, shouldContinue: true };
  return { shouldRun: false, shouldContinue: !untolerated.some(({ effect }) => effect === 'NoExecute') };
}

const OPERATORS = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!', Gt: 'gt', Lt: 'lt' } as const;

function affinityFits(daemonSet: DaemonSet, { metadata }: Node): boolean {
  const terms = daemonSet.spec.template.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms === undefined) return true;
  const check = (requirements: typeof terms[number]['matchExpressions'], labels: Readonly<Record<string, string>>): boolean =>
    matchesLabels((requirements ?? []).map(({ key, operator, values }) => newRequirement(key, OPERATORS[operator as keyof typeof OPERATORS], values ?? [])), labels);
  return terms.some(
    ({ matchExpressions = [], matchFields = [] }) =>
      matchExpressions.length + matchFields.length > 0 && check(matchExpressions, metadata.labels ?? {}) && check(matchFields, { 'metadata.name': metadata.name }),
  );
}

import { formatTime } from '../../../../../kube/apimachinery/time.ts';
import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { computeQosClass } from './pod-resources.ts';

const APP_ARMOR_PREFIX = 'container.apparmor.security.beta.kubernetes.io/';
type MatchKeys = { labelSelector?: core.PodAffinityTerm['labelSelector']; matchLabelKeys?: string[]; mismatchLabelKeys?: string[] };

/** The status that a new pod starts with; gated pods say so from the first moment. */
export function initialStatus(pod: core.Pod, now: number): core.PodStatus {
  const status: core.PodStatus = { phase: 'Pending', qosClass: computeQosClass(pod.spec) };
  if ((pod.spec.schedulingGates ?? []).length === 0) return status;
  const condition = { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates' };
  return { ...status, conditions: [{ ...condition, lastTransitionTime: formatTime(now) }] };
}

/** Merges matchLabelKeys into the selectors that they belong to, and old AppArmor annotations into fields. */
export function preparePodSpec(pod: core.Pod): core.PodSpec {
  const labels = pod.metadata.labels ?? {};
  const spec = withAppArmorFields(pod);
  const { affinity, topologySpreadConstraints } = spec;
  if (affinity?.podAffinity === undefined && affinity?.podAntiAffinity === undefined && topologySpreadConstraints === undefined) return spec;
  const result = { ...spec };
  if (topologySpreadConstraints !== undefined) result.topologySpreadConstraints = topologySpreadConstraints.map((item) => withMatchKeys(item, labels));
  if (affinity !== undefined) {
    result.affinity = { ...affinity };
    if (affinity.podAffinity !== undefined) result.affinity.podAffinity = prepareTerms(affinity.podAffinity, labels);
    if (affinity.podAntiAffinity !== undefined) result.affinity.podAntiAffinity = prepareTerms(affinity.podAntiAffinity, labels);
  }
  return result;
}

function prepareTerms<T extends core.PodAffinity | core.PodAntiAffinity>(affinity: T, labels: Readonly<Record<string, string>>): T {
  const result = { ...affinity };
  const { requiredDuringSchedulingIgnoredDuringExecution: required, preferredDuringSchedulingIgnoredDuringExecution: preferred } = affinity;
  if (required !== undefined) result.requiredDuringSchedulingIgnoredDuringExecution = required.map((term) => withMatchKeys(term, labels));
  if (preferred !== undefined) {
    result.preferredDuringSchedulingIgnoredDuringExecution = preferred.map((weighted) => ({
      ...weighted,
      podAffinityTerm: withMatchKeys(weighted.podAffinityTerm, labels),
    }));
  }
  return result;
}

function withMatchKeys<T extends MatchKeys>(term: T, labels: Readonly<Record<string, string>>): T {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  if (labelSelector === undefined || matchLabelKeys.length + mismatchLabelKeys.length === 0) return term;
  const expressions = [...(labelSelector.matchExpressions ?? [])];
  for (const key of matchLabelKeys) if (labels[key] !== undefined) expressions.push({ key, operator: 'In', values: [labels[key]] });
  for (const key of mismatchLabelKeys) if (labels[key] !== undefined) expressions.push({ key, operator: 'NotIn', values: [labels[key]] });
  return expressions.length === 0 ? term : { ...term, labelSelector: { ...labelSelector, matchExpressions: expressions } };
}

function withAppArmorFields({ metadata, spec }: core.Pod): core.PodSpec {
  const annotations = metadata.annotations;
  if (annotations === undefined || spec.os?.name === 'windows') return spec;
  if (!Object.keys(annotations).some((key) => key.startsWith(APP_ARMOR_PREFIX))) return spec;
  const convert = (container: core.Container): core.Container => {
    const annotation = annotations[`${APP_ARMOR_PREFIX}${container.name}`];
    if (annotation === undefined || container.securityContext?.appArmorProfile !== undefined) return container;
    const profile = appArmorProfileOf(annotation);
    if (profile === undefined || isSameProfile(profile, spec.securityContext?.appArmorProfile)) return container;
    return { ...container, securityContext: { ...container.securityContext, appArmorProfile: profile } };
  };
  const result = { ...spec, containers: (spec.containers ?? []).map(convert) };
  if (spec.initContainers !== undefined) result.initContainers = spec.initContainers.map(convert);
  return result;
}

export function appArmorProfileOf(annotation: string): core.AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  const localhostProfile = annotation.startsWith('localhost/') ? annotation.slice('localhost/'.length) : '';
  return localhostProfile.trim() === localhostProfile && localhostProfile !== '' ? { type: 'Localhost', localhostProfile } : undefined;
}
function isSameProfile(a: core.AppArmorProfile, b: core.AppArmorProfile | undefined): boolean {
  return a.type === b?.type && a.localhostProfile === b.localhostProfile;
}

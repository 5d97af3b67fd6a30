import { type LabelRequirements, matchesLabels, requirementsOf } from '../../../kube/apimachinery/label-selector.ts';
import type { Pod, PodAffinityTerm } from '../../../kube/api/generated/core/v1.ts';
import { podRequests, type Resources } from './resources.ts';

/** A pod with what the plugins would otherwise compute again for every node. */
export interface PodInfo {
  readonly pod: Pod;
  readonly key: string;
  readonly uid: string;
  readonly priority: number;
  readonly requests: Resources;
  /** With the defaults that scoring assumes. */
  readonly nonZeroRequests: Resources;
  readonly hostPorts: readonly HostPort[];
  readonly requiredAffinity: readonly AffinityTerm[];
  readonly requiredAntiAffinity: readonly AffinityTerm[];
  readonly preferredAffinity: readonly WeightedAffinityTerm[];
  readonly preferredAntiAffinity: readonly WeightedAffinityTerm[];
}

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

export interface AffinityTerm {
  readonly topologyKey: string;
  readonly namespaces: ReadonlySet<string>;
  /** Undefined: only `namespaces` count; otherwise namespaces with these labels count too. */
  readonly namespaceSelector: LabelRequirements | undefined;
  readonly selector: LabelRequirements | undefined;
}

export interface WeightedAffinityTerm extends AffinityTerm {
  readonly weight: number;
}

export function newPodInfo(pod: Pod): PodInfo {
  const affinity = pod.spec.affinity;
  const term = (source: PodAffinityTerm): AffinityTerm => compileTerm(pod, source);
  return {
    pod,
    key: `${pod.metadata.namespace}/${pod.metadata.name}`,
    uid: pod.metadata.uid ?? '',
    priority: pod.spec.priority ?? 0,
    requests: podRequests(pod),
    nonZeroRequests: podRequests(pod, { nonZero: true }),
    hostPorts: hostPortsOf(pod),
    requiredAffinity: (affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(term),
    requiredAntiAffinity: (affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(term),
    preferredAffinity: (affinity?.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ weight, podAffinityTerm }) => ({ ...term(podAffinityTerm), weight })),
    preferredAntiAffinity: (affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ weight, podAffinityTerm }) => ({ ...term(podAffinityTerm), weight })),
  };
}

/** The same pod in a newer state: what was computed stays as long as the generation, which every change of the spec raises. */
export function withPod(info: PodInfo, pod: Pod): PodInfo {
  const { generation } = pod.metadata;
  const sameSpec = pod.spec === info.pod.spec || (generation !== undefined && generation === info.pod.metadata.generation);
  return sameSpec ? { ...info, pod } : newPodInfo(pod);
}

function compileTerm(pod: Pod, term: PodAffinityTerm): AffinityTerm {
  const own = [pod.metadata.namespace ?? ''];
  const named = term.namespaces ?? [];
  const namespaces = new Set(named.length === 0 && term.namespaceSelector === undefined ? own : named);
  const keys = (labels: readonly string[] | undefined, operator: 'In' | 'NotIn') =>
    (labels ?? []).flatMap((key) => {
      const value = pod.metadata.labels?.[key];
      return value === undefined ? [] : [{ key, operator, values: [value] }];
    });
  const { matchLabels, matchExpressions = [] } = term.labelSelector ?? {};
  const merged = { matchLabels, matchExpressions: [...matchExpressions, ...keys(term.matchLabelKeys, 'In'), ...keys(term.mismatchLabelKeys, 'NotIn')] };
  return {
    topologyKey: term.topologyKey,
    namespaces,
    namespaceSelector: requirementsOf(term.namespaceSelector),
    selector: term.labelSelector === undefined ? undefined : requirementsOf(merged),
  };
}

/** Does a pod with these labels in this namespace match the term? */
export function termMatches(
  term: AffinityTerm,
  target: { readonly namespace: string; readonly labels: Readonly<Record<string, string>>; readonly namespaceLabels: Readonly<Record<string, string>> },
): boolean {
  if (term.selector === undefined) return false;
  const inNamespace = term.namespaces.has(target.namespace) || (term.namespaceSelector !== undefined && matchesLabels(term.namespaceSelector, target.namespaceLabels));
  return inNamespace && matchesLabels(term.selector, target.labels);
}

function hostPortsOf(pod: Pod): readonly HostPort[] {
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...pod.spec.containers, ...sidecars].flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostIP, hostPort, protocol }) => (hostPort ? [{ ip: hostIP || '0.0.0.0', protocol: protocol ?? 'TCP', port: hostPort }] : [])),
  );
}

export function portsConflict(a: HostPort, b: HostPort): boolean {
  return a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0');
}

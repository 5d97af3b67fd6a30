import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import { podSecurityViolations, type Level } from './pod-security-checks.ts';

export const LABEL = 'pod-security.kubernetes.io/';
/** From the loosest to the strictest. */
export const LEVELS: readonly Level[] = ['privileged', 'baseline', 'restricted'];
export const VERSION = /^(latest|v1\.(0|[1-9]\d*))$/v;
/** Upstream: defaultNamespaceMaxPodsToCheck. */
const MAX_PODS_CHECKED = 3000;

export interface LevelVersion {
  readonly level: Level;
  /** `latest` or `v1.36` */
  readonly version: string;
}
export interface PodSecurityPolicy {
  readonly enforce: LevelVersion;
  readonly audit: LevelVersion;
  readonly warn: LevelVersion;
}

/** `baseline:latest` */
export function nameOf({ level, version }: LevelVersion): string {
  return `${level}:${version}`;
}

/** What a namespace's labels ask for. Who is not told whether to warn is warned of what is enforced (upstream: api.PolicyToEvaluate). */
export function podSecurityPolicy(labels: Readonly<Record<string, string>>): PodSecurityPolicy {
  const levelOf = (mode: string, fallback: Level): Level => {
    const label = labels[LABEL + mode];
    return label === undefined ? 'privileged' : (LEVELS.find((level) => level === label) ?? fallback);
  };
  const versionOf = (mode: string): string | undefined => {
    const label = labels[`${LABEL}${mode}-version`];
    return label === undefined || VERSION.test(label) ? label : 'latest';
  };
  // What cannot be read is enforced at its strictest and leaves the others open.
  const enforce = { level: levelOf('enforce', 'restricted'), version: versionOf('enforce') ?? 'latest' };
  const isAsked = LEVELS.includes(labels[`${LABEL}enforce`] as Level);
  const followsEnforced = labels[`${LABEL}warn`] === undefined && isAsked && enforce.level !== 'privileged';
  return {
    enforce,
    audit: { level: levelOf('audit', 'privileged'), version: versionOf('audit') ?? 'latest' },
    warn: followsEnforced ? { level: enforce.level, version: versionOf('warn') ?? enforce.version } : { level: levelOf('warn', 'privileged'), version: versionOf('warn') ?? 'latest' },
  };
}

/** One pod of each controller first: the rest of its pods are most likely alike. */
function inOrderOfWorth(pods: readonly Pod[]): readonly Pod[] {
  const seen = new Set<string>();
  const first: Pod[] = [];
  const rest: Pod[] = [];
  for (const pod of pods) {
    const controller = pod.metadata.ownerReferences?.find((owner) => owner.controller)?.uid;
    (controller === undefined || !seen.has(controller) ? first : rest).push(pod);
    if (controller !== undefined) seen.add(controller);
  }
  return [...first, ...rest];
}

/** Pods that run already stay, but who makes the namespace stricter hears of them. */
export function existingPodWarnings({ namespace, enforce }: { readonly namespace: string; readonly enforce: LevelVersion }, pods: readonly Pod[]): readonly string[] {
  const namesByReasons = new Map<string, string[]>();
  for (const { metadata, spec } of inOrderOfWorth(pods).slice(0, MAX_PODS_CHECKED)) {
    const reasons = podSecurityViolations(enforce, { metadata, spec: spec ?? { containers: [] } }).map(({ reason }) => reason).join(', ');
    if (reasons !== '') namesByReasons.set(reasons, [...(namesByReasons.get(reasons) ?? []), metadata.name]);
  }
  const found = [...namesByReasons].map(([reasons, names]) => {
    const [first = ''] = names.sort();
    const others = names.length - 1;
    return `${first}${others === 0 ? '' : ` (and ${String(others)} other pod${others === 1 ? '' : 's'})`}: ${reasons}`;
  });
  return [
    ...(pods.length > MAX_PODS_CHECKED ? [`new PodSecurity enforce level only checked against the first ${String(MAX_PODS_CHECKED)} of ${String(pods.length)} existing pods`] : []),
    ...(found.length > 0 ? [`existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(nameOf(enforce))}`] : []),
    ...found.sort(),
  ];
}

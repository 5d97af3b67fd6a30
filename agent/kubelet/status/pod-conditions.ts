import type { ContainerStatus, Pod, PodCondition } from '../../../kube/api/generated/core/v1.ts';
import type { PodPhase } from './pod-phase.ts';

type Verdict = { readonly status: 'True' | 'False'; readonly reason?: string; readonly message?: string };

export interface PodConditionOptions {
  readonly pod: Pod;
  readonly phase: PodPhase;
  readonly statuses: readonly ContainerStatus[];
  readonly initStatuses: readonly ContainerStatus[];
  readonly sandboxReady: boolean;
  readonly now: string;
}

/** The kubelet's conditions; a time moves only when a status flips. Others' conditions are not touched here. */
export function podConditions(options: PodConditionOptions): PodCondition[] {
  const containersReady = containersReadyVerdict(options);
  const verdicts: readonly (readonly [string, Verdict])[] = [
    ['PodReadyToStartContainers', { status: options.sandboxReady ? 'True' : 'False' }],
    ['Initialized', initializedVerdict(options)],
    ['Ready', readyVerdict(options, containersReady)],
    ['ContainersReady', containersReady],
    ['PodScheduled', { status: 'True' }],
  ];
  const generation = options.pod.metadata.generation;
  return verdicts.map(([type, verdict]) => {
    const old = options.pod.status?.conditions?.find((condition) => condition.type === type);
    const lastTransitionTime = old?.status === verdict.status && old.lastTransitionTime ? old.lastTransitionTime : options.now;
    return { type, ...verdict, lastProbeTime: undefined, lastTransitionTime, ...(generation !== undefined && { observedGeneration: generation }) };
  });
}

function containersReadyVerdict({ pod, phase, statuses, initStatuses }: PodConditionOptions): Verdict {
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  const all = [...sidecars, ...pod.spec.containers];
  const known = [...initStatuses, ...statuses];
  const unknown = all.filter((container) => !known.some((status) => status.name === container.name)).map((container) => container.name);
  const unready = all.filter((container) => known.some((status) => status.name === container.name && !status.ready)).map((container) => container.name);
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const messages: string[] = [];
  if (unknown.length > 0) messages.push(`containers with unknown status: [${unknown.join(' ')}]`);
  if (unready.length > 0) messages.push(`containers with unready status: [${unready.join(' ')}]`);
  return messages.length === 0 ? { status: 'True' } : { status: 'False', reason: 'ContainersNotReady', message: messages.join(', ') };
}

function readyVerdict({ pod }: PodConditionOptions, containersReady: Verdict): Verdict {
  if (containersReady.status !== 'True') return containersReady;
  const missing = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = pod.status?.conditions?.find((candidate) => candidate.type === conditionType);
    if (condition === undefined) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    return condition.status === 'True' ? [] : [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`];
  });
  return missing.length === 0 ? { status: 'True' } : { status: 'False', reason: 'ReadinessGatesNotReady', message: missing.join(', ') };
}

function initializedVerdict({ pod, phase, statuses, initStatuses }: PodConditionOptions): Verdict {
  const init = pod.spec.initContainers ?? [];
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  if (init.length === 0) return { status: 'True' };
  if (statuses.some((status) => status.state?.running !== undefined || status.lastState?.terminated !== undefined)) return { status: 'True' };
  const incomplete = init.filter((container) => {
    const status = initStatuses.find((candidate) => candidate.name === container.name);
    if (status === undefined) return true;
    return container.restartPolicy === 'Always' ? status.started !== true : status.state?.terminated?.exitCode !== 0;
  }).map((container) => container.name);
  if (incomplete.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ContainersNotInitialized', message: `containers with incomplete status: [${incomplete.join(' ')}]` };
}

import type { ContainerState, ContainerStatus, Pod } from '../../../../kube/api/generated/core/v1.ts';
import { AGE, age, NAME, NONE, orNone, type PrintContext, printer, type RowCondition, since } from './printer.ts';

interface Summary {
  reason: string;
  ready: number;
  restarts: number;
  lastRestart: string | undefined;
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Date.parse(b) > Date.parse(a) ? b : a;
}

function terminatedReason(terminated: NonNullable<ContainerState['terminated']>, prefix: string): string {
  if (terminated.reason) return `${prefix}${terminated.reason}`;
  return terminated.signal ? `${prefix}Signal:${terminated.signal}` : `${prefix}ExitCode:${terminated.exitCode}`;
}

function hasTrueCondition(pod: Pod, type: string): boolean {
  return pod.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}

/** What an init container contributes: undefined when the next one is to be looked at, else the pod's reason. */
function initReason(pod: Pod, status: ContainerStatus, index: number): string | undefined {
  const { terminated, waiting } = status.state ?? {};
  if (terminated) return terminated.exitCode === 0 ? undefined : terminatedReason(terminated, 'Init:');
  if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`;
  return `Init:${index}/${pod.spec.initContainers?.length ?? 0}`;
}

function restartableNames(pod: Pod): ReadonlySet<string> {
  const restartable = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return new Set(restartable.map(({ name }) => name));
}

/** Walks the init containers up to the first that is not done; true when the pod is still initializing. */
function summarizeInit(pod: Pod, sidecars: ReadonlySet<string>, { own, sidecar }: { own: Summary; sidecar: Summary }): boolean {
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const finished = status.lastState?.terminated?.finishedAt;
    own.restarts += status.restartCount;
    own.lastRestart = later(own.lastRestart, finished);
    if (sidecars.has(status.name)) {
      sidecar.restarts += status.restartCount;
      sidecar.lastRestart = later(sidecar.lastRestart, finished);
    }
    const isRunningSidecar = sidecars.has(status.name) && status.started === true && status.state?.terminated?.exitCode !== 0;
    if (isRunningSidecar) {
      if (status.ready) own.ready += 1;
      continue;
    }
    const reason = initReason(pod, status, index);
    if (reason === undefined) continue;
    own.reason = reason;
    return true;
  }
  return false;
}

function summarizeContainers(pod: Pod, summary: Summary): void {
  let hasRunning = false;
  for (const status of (pod.status?.containerStatuses ?? []).toReversed()) {
    summary.restarts += status.restartCount;
    summary.lastRestart = later(summary.lastRestart, status.lastState?.terminated?.finishedAt);
    const { waiting, terminated, running } = status.state ?? {};
    if (waiting?.reason) summary.reason = waiting.reason;
    else if (terminated) summary.reason = terminatedReason(terminated, '');
    else if (status.ready && running) {
      hasRunning = true;
      summary.ready += 1;
    }
  }
  if (summary.reason === 'Completed' && hasRunning) summary.reason = hasTrueCondition(pod, 'Ready') ? 'Running' : 'NotReady';
}

function summarize(pod: Pod): Summary {
  const status = pod.status ?? {};
  const sidecars = restartableNames(pod);
  const gated = status.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated');
  const own: Summary = { reason: gated ? 'SchedulingGated' : status.reason || status.phase || '', ready: 0, restarts: 0, lastRestart: undefined };
  const sidecar: Summary = { reason: '', ready: 0, restarts: 0, lastRestart: undefined };
  const initializing = summarizeInit(pod, sidecars, { own, sidecar });
  if (!initializing || hasTrueCondition(pod, 'Initialized')) {
    own.restarts = sidecar.restarts;
    own.lastRestart = sidecar.lastRestart;
    summarizeContainers(pod, own);
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    const isTerminal = status.phase === 'Failed' || status.phase === 'Succeeded';
    if (status.reason === 'NodeLost') own.reason = 'Unknown';
    else if (!isTerminal) own.reason = 'Terminating';
  }
  return own;
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? [];
  if (gates.length === 0) return NONE;
  return `${gates.filter(({ conditionType }) => hasTrueCondition(pod, conditionType)).length}/${gates.length}`;
}

function podConditions(pod: Pod): readonly RowCondition[] | undefined {
  const phase = pod.status?.phase;
  if (phase === 'Succeeded') return [{ type: 'Completed', status: 'True', reason: phase, message: 'The pod has completed successfully.' }];
  return phase === 'Failed' ? [{ type: 'Completed', status: 'True', reason: phase, message: 'The pod failed.' }] : undefined;
}

export const podPrinter = printer<Pod>({
  columns: [
    NAME,
    'Ready|string|0|The aggregate readiness state of this pod for accepting traffic.',
    'Status|string|0|The aggregate status of the containers in this pod.',
    'Restarts|string|0|The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    AGE,
    'IP|string|1|@core/v1.PodStatus.podIP',
    'Node|string|1|@core/v1.PodSpec.nodeName',
    'Nominated Node|string|1|@core/v1.PodStatus.nominatedNodeName',
    'Readiness Gates|string|1|@core/v1.PodSpec.readinessGates',
  ],
  cells(pod: Pod, context: PrintContext) {
    const { reason, ready, restarts, lastRestart } = summarize(pod);
    const total = (pod.spec.containers?.length ?? 0) + restartableNames(pod).size;
    const restartText = restarts !== 0 && lastRestart ? `${restarts} (${since(lastRestart, context)} ago)` : String(restarts);
    return [
      pod.metadata.name,
      `${ready}/${total}`,
      reason,
      restartText,
      age(pod, context),
      orNone(pod.status?.podIPs?.[0]?.ip),
      orNone(pod.spec.nodeName),
      orNone(pod.status?.nominatedNodeName),
      readinessGates(pod),
    ];
  },
  conditions: podConditions,
});

import { parseTime } from '../../../kube/apimachinery/time.ts';
import type { Pod, PodStatus } from '../../../kube/api/generated/core/v1.ts';
import { failedStatus, finishedStatus, gatesOpen, type Refusal, runningStatus } from './pod-status.ts';

/** A pod with this annotation finishes after so many seconds; others run until they are deleted. */
export const RUN_SECONDS = 'simulated.coracle.dev/run-seconds';
/** With what its containers then exit: 0 (default) is success. */
export const EXIT_CODE = 'simulated.coracle.dev/exit-code';
/** Pretends that stopping takes this long, at most the grace period. */
export const STOP_SECONDS = 'simulated.coracle.dev/stop-seconds';

/** Stopping real containers takes a moment, in which clients see the pod Terminating. */
const STOP_MS = 500;

export type PodStep =
  | { readonly action: 'status'; readonly status: PodStatus; readonly thenAfterMs?: number }
  | { readonly action: 'remove' }
  | { readonly action: 'wait'; readonly delayMs: number }
  | { readonly action: 'nothing' };

export interface PodSituation {
  readonly hostIP: string;
  readonly podIP: () => string;
  readonly nowMs: number;
  /** Since when this node has known that the pod is to stop. */
  readonly stoppingSinceMs?: number;
  /** A last look before a pod begins. */
  readonly admit?: () => Refusal | undefined;
}

/** What the kubelet of a simulated node does next for a pod. */
export function planPod(pod: Pod, situation: PodSituation): PodStep {
  const { nowMs } = situation;
  const phase = pod.status?.phase;
  const isTerminal = phase === 'Succeeded' || phase === 'Failed';
  if (pod.metadata.deletionTimestamp !== undefined) return isTerminal || phase !== 'Running' ? { action: 'remove' } : planStop(pod, situation);
  if (isTerminal) return { action: 'nothing' };
  const refusal = phase === 'Running' ? undefined : situation.admit?.();
  if (refusal !== undefined) return { action: 'status', status: failedStatus(pod, { ...refusal, message: `Pod was rejected: ${refusal.message}` }, nowMs) };
  const end = endOf(pod, nowMs);
  if (end !== undefined && end.dueMs <= nowMs && phase === 'Running') return { action: 'status', status: end.status(nowMs) };
  const thenAfterMs = end === undefined ? undefined : Math.max(0, end.dueMs - nowMs);
  if (phase !== 'Running' || isOutdated(pod)) return { action: 'status', status: runningStatus(pod, situation), ...(thenAfterMs !== undefined && { thenAfterMs }) };
  return thenAfterMs === undefined ? { action: 'nothing' } : { action: 'wait', delayMs: thenAfterMs };
}

/** The spec changed, or the pod may become ready now. */
function isOutdated({ metadata, spec, status }: Pod): boolean {
  if (status?.observedGeneration !== metadata.generation) return true;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return ready !== 'True' && gatesOpen({ metadata, spec, status } as Pod);
}

/** When the pod ends of itself, if it does, and how: its work is done, or its time is up. */
function endOf(pod: Pod, nowMs: number): { readonly dueMs: number; readonly status: (nowMs: number) => PodStatus } | undefined {
  const startedMs = parseTime(pod.status?.startTime) ?? nowMs;
  const runMs = Number(pod.metadata.annotations?.[RUN_SECONDS] ?? Infinity) * 1000;
  const deadlineMs = (pod.spec.activeDeadlineSeconds ?? Infinity) * 1000;
  const lastsMs = Math.min(Number.isNaN(runMs) ? Infinity : runMs, deadlineMs);
  if (lastsMs === Infinity) return undefined;
  const exitCode = Number(pod.metadata.annotations?.[EXIT_CODE] ?? 0);
  const tooLong: Refusal = { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' };
  return { dueMs: startedMs + lastsMs, status: (atMs) => (deadlineMs < runMs ? failedStatus(pod, tooLong, atMs) : finishedStatus(pod, { exitCode, nowMs: atMs })) };
}

/** Containers get their moment, at most the grace period; they then end well, and the object goes in the next step. */
function planStop(pod: Pod, { nowMs, stoppingSinceMs = nowMs }: PodSituation): PodStep {
  const annotated = Number(pod.metadata.annotations?.[STOP_SECONDS] ?? Number.NaN) * 1000;
  const graceMs = (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
  const leftMs = stoppingSinceMs + Math.min(Number.isNaN(annotated) ? STOP_MS : annotated, graceMs) - nowMs;
  return leftMs > 0 ? { action: 'wait', delayMs: leftMs } : { action: 'status', status: finishedStatus(pod, { exitCode: 0, nowMs }) };
}

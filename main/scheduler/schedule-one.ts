import { isNotFound } from '../../kube/apimachinery/status.ts';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import { formatTime } from '../../kube/apimachinery/time.ts';
import { type Pod, pods } from '../../kube/api/generated/core/v1.ts';
import type { Client } from '../../kube/client/client.ts';
import type { EventRecorder } from '../../kube/client/event-recorder.ts';
import type { SchedulerCache } from './cache/scheduler-cache.ts';
import type { FindNodeResult, NodeFinder } from './find-node.ts';
import type { BackgroundTasks } from './framework/background-tasks.ts';
import { CycleState } from './framework/cycle-state.ts';
import { fitErrorMessage } from './framework/fit-error.ts';
import type { Framework } from './framework/framework.ts';
import { isRejected, type Status } from './framework/status.ts';
import type { Nominator } from './queue/nominator.ts';
import type { QueuedPod, SchedulingQueue } from './queue/scheduling-queue.ts';
import type { SchedulerMetrics } from './scheduler-metrics.ts';

export interface ScheduleOneOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly framework: Framework;
  readonly cache: SchedulerCache;
  readonly queue: SchedulingQueue;
  readonly nominator: Nominator;
  readonly finder: NodeFinder;
  readonly tasks: BackgroundTasks;
  readonly metrics: SchedulerMetrics;
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** The newest known state of a pod. */
  readonly currentPod: (key: string) => Pod | undefined;
  readonly signal: AbortSignal;
}

interface Failure {
  readonly reason: 'Unschedulable' | 'SchedulerError';
  readonly message: string;
  readonly rejectedBy: ReadonlySet<string>;
  readonly nominatedNodeName?: string;
}

/** One pod's way from the queue to its node. The choice is synchronous; the binding goes on in the background. */
export class PodScheduler {
  readonly #options: ScheduleOneOptions;

  constructor(options: ScheduleOneOptions) {
    this.#options = options;
  }

  schedule(queued: QueuedPod): void {
    const { cache, queue, finder, framework, clock, metrics } = this.#options;
    const info = queued.podInfo;
    if (this.#isGone(queued) || cache.isAssumed(info.uid)) {
      queue.done(info.uid);
      return;
    }
    const state = new CycleState();
    const startMs = clock.monotonicMs();
    const result = finder.find(state, info);
    metrics.chosen(clock.monotonicMs() - startMs);
    if (result.outcome !== 'found') {
      this.#fail(queued, { startMs, ...this.#explain(queued, { state, result }) });
      return;
    }
    const { nodeName } = result;
    cache.assume(info, nodeName);
    const status = framework.reserve(state, info, nodeName) ?? framework.permit(state, info, nodeName);
    if (status !== undefined) {
      this.#undo(queued, { state, nodeName, status, startMs });
      return;
    }
    this.#options.tasks.run(() => this.#bind(queued, { state, nodeName, startMs }));
  }

  async #bind(queued: QueuedPod, { state, nodeName, startMs }: { readonly state: CycleState; readonly nodeName: string; readonly startMs: number }): Promise<void> {
    const { framework, queue, nominator, recorder, signal, metrics, clock } = this.#options;
    const info = queued.podInfo;
    const status = await framework.bind(state, info, { nodeName, signal });
    if (status !== undefined) {
      this.#undo(queued, { state, nodeName, status, startMs });
      return;
    }
    metrics.attempted('scheduled', clock.monotonicMs() - startMs);
    metrics.scheduled({ attempts: queued.attempts, sinceFirstMs: clock.monotonicMs() - (queued.firstAttemptMs ?? clock.monotonicMs()) });
    nominator.remove(info.uid);
    queue.done(info.uid);
    recorder.event({ object: info.pod, type: 'Normal', reason: 'Scheduled', message: `Successfully assigned ${info.key} to ${nodeName}` });
  }

  #undo(queued: QueuedPod, { state, nodeName, status, startMs }: { readonly state: CycleState; readonly nodeName: string; readonly status: Status; readonly startMs: number }): void {
    const { framework, cache, queue } = this.#options;
    const info = queued.podInfo;
    framework.unreserve(state, info, nodeName);
    cache.forget(info.uid);
    this.#fail(queued, {
      startMs,
      reason: isRejected(status) ? 'Unschedulable' : 'SchedulerError',
      message: status.reasons.join(', '),
      rejectedBy: new Set(status.plugin === undefined ? [] : [status.plugin]),
    });
    queue.move({ resource: 'AssignedPod', action: 'Delete', object: info.pod });
  }

  #explain(queued: QueuedPod, { state, result }: { readonly state: CycleState; readonly result: Exclude<FindNodeResult, { outcome: 'found' }> }): Failure {
    if (result.outcome === 'error') return { reason: 'SchedulerError', message: result.status.reasons.join(', '), rejectedBy: new Set() };
    const { totalNodes, nodeStatuses, preFilter } = result;
    const rejectedBy = new Set([...nodeStatuses.values()].flatMap(({ plugin }) => plugin ?? []));
    if (totalNodes === 0) return { reason: 'Unschedulable', message: 'no nodes available to schedule pods', rejectedBy };
    const post = this.#options.framework.postFilter(state, queued.podInfo, nodeStatuses);
    const message = fitErrorMessage({ totalNodes, nodeStatuses, preFilterMessage: preFilter?.reasons.join(', '), postFilterMessage: post.message });
    return { reason: 'Unschedulable', message, rejectedBy, nominatedNodeName: post.nominatedNodeName };
  }

  #fail(queued: QueuedPod, failure: Failure & { readonly startMs: number }): void {
    const { queue, nominator, recorder, tasks, signal, metrics, clock } = this.#options;
    metrics.attempted(failure.reason === 'SchedulerError' ? 'error' : 'unschedulable', clock.monotonicMs() - failure.startMs);
    const info = queued.podInfo;
    if (signal.aborted || this.#isGone(queued)) {
      queue.done(info.uid);
      return;
    }
    if (failure.nominatedNodeName) nominator.nominate(info, failure.nominatedNodeName);
    else if (failure.nominatedNodeName === '') nominator.remove(info.uid);
    queue.addUnschedulable(queued, { rejectedBy: failure.rejectedBy, isError: failure.reason === 'SchedulerError' });
    recorder.event({ object: info.pod, type: 'Warning', reason: 'FailedScheduling', message: failure.message });
    tasks.run(() => this.#writeCondition(info.pod, failure));
  }

  async #writeCondition(pod: Pod, { reason, message, nominatedNodeName }: Failure): Promise<void> {
    const { client, clock, signal } = this.#options;
    const known = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    const renominated = nominatedNodeName !== undefined && (pod.status?.nominatedNodeName ?? '') !== nominatedNodeName;
    const unchanged = known?.status === 'False' && known.reason === reason && known.message === message;
    if (unchanged && !renominated) return;
    const { name, namespace, uid, generation } = pod.metadata;
    const lastTransitionTime = known?.status === 'False' ? known.lastTransitionTime : formatTime(clock.now());
    const condition = { type: 'PodScheduled', status: 'False', reason, message, lastTransitionTime, observedGeneration: generation };
    const nomination = renominated ? { nominatedNodeName: nominatedNodeName === '' ? null : nominatedNodeName } : {};
    const patch = { metadata: { uid }, status: { conditions: [condition], ...nomination } };
    try {
      await client.patch(pods, { namespace, name }, { type: 'strategic', patch }, { subresource: 'status', signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #isGone(queued: QueuedPod): boolean {
    const { key, uid } = queued.podInfo;
    const current = this.#options.currentPod(key);
    return current === undefined || current.metadata.uid !== uid || current.metadata.deletionTimestamp !== undefined || Boolean(current.spec.nodeName);
  }
}

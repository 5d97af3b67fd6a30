import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import type { ClusterEvent, QueuedPodInfo, SchedulerPlugin } from '../framework/plugin.ts';
import { newPodInfo, type PodInfo, withPod } from '../framework/pod-info.ts';
import { isRejected } from '../framework/status.ts';
import { Heap } from './heap.ts';

/** Upstream's podInitialBackoffSeconds, podMaxBackoffSeconds and podMaxInUnschedulablePodsDuration. */
const INITIAL_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 10_000;
const MAX_UNSCHEDULABLE_MS = 5 * 60_000;

export interface QueuedPod extends QueuedPodInfo {
  podInfo: PodInfo;
  queuedMs: number;
  attempts: number;
  /** Tries that found no node, and tries that broke; each doubles the back-off. */
  failures: number;
  /** Which plugins rejected it: only their events wake it up. Empty: any event does. */
  rejectedBy: ReadonlySet<string>;
  /** A pod held by its gates is not woken by cluster events. */
  gated: boolean;
  backoffUntilMs: number;
  /** The queue's move count when it was popped: an event in between must not be lost. */
  poppedAt: number;
  /** When it was first tried; undefined before. */
  firstAttemptMs?: number;
}

/**
 * Pods that want a node (upstream: backend/queue). New ones are active; one that found no node waits in `unschedulable` until an event that
 * may help its plugins, then passes through back-off; idle time is used for pods still in back-off.
 */
export class SchedulingQueue implements Disposable {
  readonly #clock: Clock;
  readonly #plugins: readonly SchedulerPlugin[];
  readonly #active: Heap<QueuedPod>;
  readonly #backoff: Heap<QueuedPod>;
  /** Pods whose last try broke: never tried early, since the fault may be the API server's. */
  readonly #errorBackoff: Heap<QueuedPod>;
  readonly #unschedulable = new Map<string, QueuedPod>();
  readonly #inFlight = new Map<string, QueuedPod>();
  #moves: { readonly event: ClusterEvent; readonly at: number }[] = [];
  #moveCount = 0;
  #wake: (() => void) | undefined;
  #waiting: Promise<void> | undefined;
  #timer: Disposable | undefined;

  constructor(options: { readonly clock: Clock; readonly plugins: readonly SchedulerPlugin[]; readonly sort: (a: QueuedPodInfo, b: QueuedPodInfo) => number }) {
    this.#clock = options.clock;
    this.#plugins = options.plugins;
    const keyOf = (pod: QueuedPod): string => pod.podInfo.uid;
    this.#active = new Heap({ keyOf, compare: options.sort });
    const compare = (a: QueuedPod, b: QueuedPod): number => a.backoffUntilMs - b.backoffUntilMs || options.sort(a, b);
    this.#backoff = new Heap({ keyOf, compare });
    this.#errorBackoff = new Heap({ keyOf, compare });
  }

  get size(): { readonly active: number; readonly backoff: number; readonly unschedulable: number; readonly gated: number } {
    const gated = [...this.#unschedulable.values()].filter((pod) => pod.gated).length;
    return { active: this.#active.size, backoff: this.#backoff.size + this.#errorBackoff.size, unschedulable: this.#unschedulable.size - gated, gated };
  }

  /** How many waiting pods each plugin has rejected. */
  rejections(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { rejectedBy } of this.#unschedulable.values()) for (const plugin of rejectedBy) counts.set(plugin, (counts.get(plugin) ?? 0) + 1);
    return counts;
  }

  add(pod: Pod): void {
    this.#enqueue({
      podInfo: newPodInfo(pod),
      queuedMs: this.#clock.monotonicMs(),
      attempts: 0,
      failures: 0,
      rejectedBy: new Set(),
      gated: false,
      backoffUntilMs: 0,
      poppedAt: 0,
    });
  }

  /** A waiting pod changed; its own change may make it schedulable. */
  update(pod: Pod, previous: Pod | undefined): void {
    const uid = pod.metadata.uid ?? '';
    const flying = this.#inFlight.get(uid);
    if (flying !== undefined) {
      flying.podInfo = withPod(flying.podInfo, pod);
      return;
    }
    const active = this.#active.get(uid) ?? this.#backoff.get(uid) ?? this.#errorBackoff.get(uid);
    if (active !== undefined) {
      active.podInfo = withPod(active.podInfo, pod);
      return;
    }
    const waiting = this.#unschedulable.get(uid);
    if (waiting === undefined) return this.add(pod);
    waiting.podInfo = newPodInfo(pod);
    if (previous !== undefined && !schedulingChanged(previous, pod)) return;
    this.#unschedulable.delete(uid);
    if (waiting.gated) this.#enqueue(waiting);
    else this.#requeue(waiting);
  }

  delete(uid: string): void {
    this.#active.delete(uid);
    this.#backoff.delete(uid);
    this.#errorBackoff.delete(uid);
    this.#unschedulable.delete(uid);
  }

  has(uid: string): boolean {
    return this.#inFlight.has(uid) || this.#unschedulable.has(uid) || [this.#active, this.#backoff, this.#errorBackoff].some((heap) => heap.get(uid) !== undefined);
  }

  /** The next pod, or undefined when none is ready now. */
  tryPop(): QueuedPod | undefined {
    this.#flush(this.#backoff);
    const pod = this.#active.pop() ?? this.#backoff.pop();
    if (pod === undefined) return undefined;
    pod.attempts++;
    pod.firstAttemptMs ??= this.#clock.monotonicMs();
    pod.poppedAt = this.#moveCount;
    this.#inFlight.set(pod.podInfo.uid, pod);
    return pod;
  }

  /** Resolves when tryPop may have something again. */
  waitForPod(signal: AbortSignal): Promise<void> {
    if (this.#active.size + this.#backoff.size > 0) return Promise.resolve();
    if (this.#waiting !== undefined) return this.#waiting;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#waiting = promise;
    this.#wake = () => {
      signal.removeEventListener('abort', onAbort);
      this.#wake = undefined;
      this.#waiting = undefined;
      resolve();
    };
    return promise;
  }

  /** The attempt is over: bound, or gone. */
  done(uid: string): void {
    this.#inFlight.delete(uid);
    this.#trimMoves();
  }

  /** The attempt failed: waits for an event, or backs off when one came meanwhile or the failure was no verdict. */
  addUnschedulable(pod: QueuedPod, outcome: { readonly rejectedBy: ReadonlySet<string>; readonly isError: boolean }): void {
    const { uid } = pod.podInfo;
    this.#inFlight.delete(uid);
    pod.rejectedBy = outcome.rejectedBy;
    pod.queuedMs = this.#clock.monotonicMs();
    pod.failures++;
    pod.backoffUntilMs = this.#clock.monotonicMs() + Math.min(MAX_BACKOFF_MS, INITIAL_BACKOFF_MS * 2 ** Math.min(pod.failures - 1, 10));
    const missed = this.#moves.some(({ event, at }) => at > pod.poppedAt && this.#mayHelp(pod, event));
    if (outcome.isError) this.#requeueAfterError(pod);
    else if (missed) this.#requeue(pod);
    else this.#unschedulable.set(uid, pod);
    this.#trimMoves();
  }

  /** An event in the cluster: wakes the pods it may help. */
  move(event: ClusterEvent): void {
    if (this.#inFlight.size > 0) this.#moves.push({ event, at: ++this.#moveCount });
    for (const [uid, pod] of this.#unschedulable) {
      if (pod.gated || !this.#mayHelp(pod, event)) continue;
      this.#unschedulable.delete(uid);
      this.#requeue(pod);
    }
  }

  /** Wakes pods right away, without back-off: their nomination or victims changed. */
  activate(uid: string): void {
    const pod = this.#unschedulable.get(uid) ?? this.#backoff.delete(uid);
    if (pod === undefined) return;
    this.#unschedulable.delete(uid);
    this.#enqueue(pod);
  }

  /** A guard against lost events: nothing waits longer than five minutes. */
  flushLeftovers(): void {
    const before = this.#clock.monotonicMs() - MAX_UNSCHEDULABLE_MS;
    for (const [uid, pod] of this.#unschedulable) {
      if (pod.gated || pod.queuedMs > before) continue;
      this.#unschedulable.delete(uid);
      this.#requeue(pod);
    }
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #enqueue(pod: QueuedPod): void {
    for (const plugin of this.#plugins) {
      const status = plugin.preEnqueue?.(pod.podInfo.pod);
      if (!isRejected(status)) continue;
      pod.gated = true;
      pod.rejectedBy = new Set([plugin.name]);
      this.#unschedulable.set(pod.podInfo.uid, pod);
      return;
    }
    pod.gated = false;
    this.#active.push(pod);
    this.#wake?.();
  }

  #requeue(pod: QueuedPod): void {
    if (pod.backoffUntilMs <= this.#clock.monotonicMs()) return this.#enqueue(pod);
    this.#backoff.push(pod);
    this.#wake?.();
  }

  #requeueAfterError(pod: QueuedPod): void {
    this.#errorBackoff.push(pod);
    this.#armTimer();
  }

  #armTimer(): void {
    const next = this.#errorBackoff.peek();
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (next === undefined) return;
    this.#timer = this.#clock.setTimer(Math.max(0, next.backoffUntilMs - this.#clock.monotonicMs()), () => {
      this.#flush(this.#errorBackoff);
      this.#armTimer();
    });
  }

  #flush(heap: Heap<QueuedPod>): void {
    const now = this.#clock.monotonicMs();
    for (let pod = heap.peek(); pod !== undefined && pod.backoffUntilMs <= now; pod = heap.peek()) {
      heap.pop();
      this.#enqueue(pod);
    }
  }

  #mayHelp(pod: QueuedPod, event: ClusterEvent): boolean {
    if (pod.rejectedBy.size === 0) return true;
    return this.#plugins.some((plugin) => pod.rejectedBy.has(plugin.name) && (plugin.mayHelp?.(pod.podInfo.pod, event) ?? true));
  }

  #trimMoves(): void {
    if (this.#inFlight.size === 0) this.#moves = [];
  }
}

/** Changes of status do not make a pod schedulable; changes of spec, labels or gates may. */
function schedulingChanged(previous: Pod, pod: Pod): boolean {
  return previous.spec !== pod.spec && JSON.stringify([previous.spec, previous.metadata.labels]) !== JSON.stringify([pod.spec, pod.metadata.labels]);
}

import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import type { Pod } from '../../kube/api/generated/core/v1.ts';
import { killPod } from './kill-container.ts';
import type { KubeletContext } from './kubelet-context.ts';
import { newPodRuntimeState } from './pod-runtime-state.ts';
import { readRuntimePod } from './runtime-pod.ts';
import type { RuntimePod } from './runtime-pod.ts';
import { generatePodStatus } from './status/generate-status.ts';
import type { StatusManager } from './status/status-manager.ts';
import { syncPod } from './sync-pod.ts';
import { terminationMessages } from './termination-message.ts';

export type PodWorkerPhase = 'sync' | 'terminating' | 'terminated';

export interface PodWorkerOptions {
  readonly context: KubeletContext;
  readonly statuses: StatusManager;
  readonly pod: Pod;
  /** Why no pod can get a network now; undefined when it can. */
  readonly networkProblem: () => string | undefined;
}

/** Volumes are refreshed and drift is repaired this often even when nothing happens (upstream: 1 minute, jittered). */
const RESYNC_MS = 60_000;
const ERROR_RETRY_MS = 3000;

/**
 * One pod's loop: sync while it lives, terminating until nothing of it runs, terminated until the API forgets it
 * (upstream: pkg/kubelet/pod_workers.go). One step at a time; a pod that is to end interrupts the step under way.
 */
export class PodWorker {
  readonly #options: PodWorkerOptions;
  readonly #state = newPodRuntimeState();
  #pod: Pod;
  #phase: PodWorkerPhase = 'sync';
  #deletedFromApi = false;
  #failure: { readonly reason: string; readonly message: string } | undefined;
  #graceOverride: number | undefined;
  #dirty = true;
  #wake: (() => void) | undefined;
  #step = new AbortController();
  #stopped = false;
  #resetKill: (() => void) | undefined;

  constructor(options: PodWorkerOptions) {
    this.#options = options;
    this.#pod = options.pod;
  }

  get pod(): Pod {
    return this.#pod;
  }
  get phase(): PodWorkerPhase {
    return this.#phase;
  }

  update(pod: Pod): void {
    const hadGrace = this.#grace();
    // A changed spec (an image that can be pulled) is tried at once.
    if (pod.metadata.generation !== this.#pod.metadata.generation) this.#state.notBeforeMs.clear();
    this.#pod = pod;
    if (this.#mustEnd()) this.#interrupt();
    if (this.#phase === 'terminating' && this.#grace() < hadGrace) this.#resetKill?.();
    this.notify();
  }

  /** The object is gone from the API, perhaps by force: what runs must end. */
  deleted(): void {
    const hadGrace = this.#grace();
    this.#deletedFromApi = true;
    this.#interrupt();
    if (this.#phase === 'terminating' && this.#grace() < hadGrace) this.#resetKill?.();
    this.notify();
  }

  /** Ends the pod on this node's own account; it becomes Failed with this reason. */
  fail(failure: { readonly reason: string; readonly message: string }, gracePeriodSeconds?: number): void {
    if (this.#failure !== undefined || this.#phase !== 'sync') return;
    this.#failure = failure;
    this.#graceOverride = gracePeriodSeconds;
    this.#interrupt();
    this.notify();
  }

  notify(): void {
    this.#dirty = true;
    this.#wake?.();
  }

  /** Ends the loop and leaves the pod running: the agent itself stops. */
  stop(): void {
    this.#stopped = true;
    this.#interrupt();
    this.#wake?.();
  }

  /** Resolves when the pod is gone, or after stop. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      this.#dirty = false;
      this.#step = new AbortController();
      let retryAfterMs = RESYNC_MS;
      try {
        if (this.#phase === 'sync' && this.#mustEnd()) this.#phase = 'terminating';
        if (this.#phase === 'sync') retryAfterMs = await this.#sync();
        else if (this.#phase === 'terminating') await this.#terminate();
        if (this.#phase === 'terminated' && (await this.#cleanUp())) return;
      } catch (error) {
        if (!this.#step.signal.aborted) {
          console.error('Error syncing pod, skipping', { pod: `${this.#pod.metadata.namespace}/${this.#pod.metadata.name}`, phase: this.#phase, error: String(error) });
          retryAfterMs = ERROR_RETRY_MS;
        }
      }
      if (!this.#dirty && !this.#stopped) await this.#sleep(retryAfterMs);
    }
  }

  #mustEnd(): boolean {
    const phase = this.#pod.status?.phase;
    return this.#deletedFromApi || this.#pod.metadata.deletionTimestamp !== undefined || phase === 'Succeeded' || phase === 'Failed' || this.#failure !== undefined;
  }

  #interrupt(): void {
    if (this.#phase === 'sync' || this.#stopped) this.#step.abort(new Error('the pod is ending'));
  }

  #grace(): number {
    if (this.#deletedFromApi && this.#pod.metadata.deletionTimestamp === undefined) return 1;
    if (this.#deletedFromApi) return Math.min(this.#pod.metadata.deletionGracePeriodSeconds ?? 1, 1);
    return this.#graceOverride ?? this.#pod.metadata.deletionGracePeriodSeconds ?? this.#pod.spec.terminationGracePeriodSeconds ?? 30;
  }

  async #sync(): Promise<number> {
    const { context } = this.#options;
    const signal = this.#step.signal;
    const { runtimePod, terminal } = await this.#publish(false);
    if (terminal) return this.#beginTermination();
    const overdueMs = this.#deadlineMs();
    if (overdueMs !== undefined && overdueMs <= 0) {
      this.fail({ reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' });
      return 0;
    }
    context.probers.observe(this.#pod, runtimePod);
    const problem = this.#pod.spec.hostNetwork === true ? undefined : this.#options.networkProblem();
    if (problem !== undefined) {
      if (runtimePod.sandboxes.length === 0) context.events.pod(this.#pod, { type: 'Warning', reason: 'NetworkNotReady', message: `network is not ready: ${problem}` });
      return 1000;
    }
    const result = await syncPod(context, { pod: this.#pod, runtimePod, state: this.#state, signal });
    const after = await this.#publish(false);
    context.probers.observe(this.#pod, after.runtimePod);
    if (after.terminal) return this.#beginTermination();
    return Math.min(result.retryAfterMs ?? RESYNC_MS, overdueMs ?? RESYNC_MS);
  }

  #beginTermination(): number {
    this.#phase = 'terminating';
    this.#dirty = true;
    return 0;
  }

  #deadlineMs(): number | undefined {
    const { activeDeadlineSeconds } = this.#pod.spec;
    const startTime = this.#options.statuses.status(this.#pod.metadata.uid ?? '')?.startTime;
    if (activeDeadlineSeconds === undefined || startTime === undefined) return undefined;
    return Date.parse(startTime) + activeDeadlineSeconds * 1000 - this.#options.context.clock.now();
  }

  /** Reads the runtime, computes the status and hands it on. */
  async #publish(podIsTerminal: boolean): Promise<{ readonly runtimePod: RuntimePod; readonly terminal: boolean }> {
    const { context, statuses } = this.#options;
    const uid = this.#pod.metadata.uid ?? '';
    const runtimePod = await readRuntimePod(context.runtime, uid);
    const messages = await terminationMessages(runtimePod);
    // Our own newest status, not the server's, is what the next one follows.
    const base = { ...this.#pod, status: { ...this.#pod.status, ...statuses.status(uid), conditions: mergeConditions(this.#pod, statuses.status(uid)) } };
    const status = generatePodStatus({
      pod: base, runtimePod, reasons: this.#state.reasons, probes: context.probers, hostIPs: context.facts.hostIPs, nowMs: context.clock.now(), podIsTerminal,
      ...(this.#failure !== undefined && { failure: this.#failure }), terminationMessage: (container) => messages.get(container.id) ?? '',
    });
    statuses.set(this.#pod, status);
    return { runtimePod, terminal: status.phase === 'Succeeded' || status.phase === 'Failed' };
  }

  async #terminate(): Promise<void> {
    const { context } = this.#options;
    const uid = this.#pod.metadata.uid ?? '';
    context.probers.stopLivenessAndStartup(uid);
    const { runtimePod } = await this.#publish(false);
    await this.#kill(runtimePod);
    context.probers.forget(uid);
    const left = await readRuntimePod(context.runtime, uid);
    if (left.containers.some(({ state }) => state === 'CONTAINER_RUNNING')) throw new Error('containers are still running');
    await this.#publish(true);
    this.#phase = 'terminated';
  }

  /** A shorter grace period that comes in while the pod is being killed starts a second, quicker kill beside the first. */
  async #kill(runtimePod: RuntimePod): Promise<void> {
    const { context } = this.#options;
    const kill = (): Promise<void> => killPod(context, { pod: this.#pod, runtimePod, gracePeriodOverride: this.#grace() });
    const quicker = new Promise<void>((resolve, reject) => {
      this.#resetKill = () => kill().then(resolve, reject);
    });
    await Promise.race([kill(), quicker]);
    this.#resetKill = undefined;
  }

  /** True when nothing is left to do for this pod, ever. */
  async #cleanUp(): Promise<boolean> {
    const { context, statuses } = this.#options;
    const uid = this.#pod.metadata.uid ?? '';
    await context.volumes.removeVolumes(uid);
    await context.cgroups.removePod(uid);
    const leaving = this.#deletedFromApi || this.#pod.metadata.deletionTimestamp !== undefined;
    if (!leaving) return false;
    const runtimePod = await readRuntimePod(context.runtime, uid);
    for (const sandbox of runtimePod.sandboxes) await context.runtime.removePodSandbox(sandbox.id);
    for (const container of (await readRuntimePod(context.runtime, uid)).containers) await context.runtime.removeContainer(container.id);
    await context.volumes.removeAll(uid);
    context.tokens.forget(uid);
    context.imageManager.forgetPod(uid);
    if (!this.#deletedFromApi) {
      statuses.finish(this.#pod);
      return false;
    }
    const { namespace = '', name } = this.#pod.metadata;
    await rm(join(context.paths.logsDirectory, `${namespace}_${name}_${uid}`), { recursive: true, force: true });
    statuses.forget(uid);
    return true;
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.context.clock.setTimer(delayMs, () => finish());
      const finish = (): void => {
        this.#wake = undefined;
        timer[Symbol.dispose]();
        resolve();
      };
      this.#wake = finish;
    });
  }
}

/** The kubelet's own conditions from its newest status, all others as the API server has them now. */
function mergeConditions(pod: Pod, own: Pod['status']): NonNullable<NonNullable<Pod['status']>['conditions']> {
  const mine = own?.conditions ?? [];
  const others = (pod.status?.conditions ?? []).filter(({ type }) => !mine.some((condition) => condition.type === type));
  return [...mine, ...others];
}

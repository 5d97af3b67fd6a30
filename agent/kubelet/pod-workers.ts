import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../../kube/api/generated/core/v1.ts';
import type { KubeletContext } from './kubelet-context.ts';
import { PodWorker } from './pod-worker.ts';
import { readRuntimePod } from './runtime-pod.ts';
import type { StatusManager } from './status/status-manager.ts';

export interface PodWorkersOptions {
  readonly context: KubeletContext;
  readonly statuses: StatusManager;
  readonly networkProblem: () => string | undefined;
  /** Refuses a pod that is new to this node: it fails at once with this reason. */
  readonly admit: (pod: Pod, others: readonly Pod[]) => { readonly reason: string; readonly message: string } | undefined;
}

/** A worker for every pod of this node, by uid. */
export class PodWorkers {
  readonly #options: PodWorkersOptions;
  readonly #workers = new Map<string, PodWorker>();
  readonly #running = new Set<Promise<void>>();
  readonly #orphans = new Set<string>();

  constructor(options: PodWorkersOptions) {
    this.#options = options;
  }

  pods(): readonly Pod[] {
    return [...this.#workers.values()].map(({ pod }) => pod);
  }

  /** Pods whose containers may run. */
  activePods(): readonly Pod[] {
    return [...this.#workers.values()].filter(({ phase }) => phase !== 'terminated').map(({ pod }) => pod);
  }

  worker(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  update(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const known = this.#workers.get(uid);
    if (known !== undefined) {
      known.update(pod);
      return;
    }
    const worker = new PodWorker({ ...this.#options, pod });
    const isNew = (pod.status?.phase ?? 'Pending') === 'Pending' && pod.status?.startTime === undefined && pod.metadata.deletionTimestamp === undefined;
    const refusal = isNew ? this.#options.admit(pod, this.activePods()) : undefined;
    this.#workers.set(uid, worker);
    if (refusal !== undefined) {
      this.#options.context.events.pod(pod, { type: 'Warning', ...refusal });
      worker.fail({ reason: refusal.reason, message: `Pod was rejected: ${refusal.message}` });
    }
    const run = worker.run().catch((error: unknown) => console.error('Pod worker ended', { uid, error: String(error) })).finally(() => {
      this.#running.delete(run);
      if (this.#workers.get(uid) === worker) this.#workers.delete(uid);
    });
    this.#running.add(run);
  }

  deleted(pod: Pod): void {
    this.#workers.get(pod.metadata.uid ?? '')?.deleted();
  }

  notify(uid: string): void {
    this.#workers.get(uid)?.notify();
  }

  /** What the runtime, the disk or the cgroups hold of pods that no longer exist is ended and removed. Only after the pods are known. */
  async removeOrphans(runtimeUids: ReadonlySet<string>): Promise<void> {
    const { context } = this.#options;
    const onDisk = await context.volumes.knownPods();
    const inCgroups = await context.cgroups.pods();
    for (const uid of new Set([...runtimeUids, ...onDisk, ...inCgroups])) {
      if (this.#workers.has(uid) || this.#orphans.has(uid)) continue;
      this.#orphans.add(uid);
      try {
        await this.#removeOrphan(uid, runtimeUids.has(uid));
      } catch (error) {
        console.error('Cannot remove an orphaned pod', { uid, error: String(error) });
      } finally {
        this.#orphans.delete(uid);
      }
    }
  }

  /** Logs outlive their pod's containers, not the pod. */
  async removeOrphanedLogs(): Promise<void> {
    const { logsDirectory } = this.#options.context.paths;
    for (const name of await readdir(logsDirectory).catch(() => [])) {
      const uid = name.split('_').at(-1) ?? '';
      if (!this.#workers.has(uid)) await rm(join(logsDirectory, name), { recursive: true, force: true });
    }
  }

  /** Leaves the pods running. */
  async stop(): Promise<void> {
    for (const worker of this.#workers.values()) worker.stop();
    await Promise.all(this.#running);
  }

  async #removeOrphan(uid: string, inRuntime: boolean): Promise<void> {
    const { context } = this.#options;
    if (inRuntime) {
      const runtimePod = await readRuntimePod(context.runtime, uid);
      for (const container of runtimePod.containers) await context.runtime.stopContainer(container.id, 2);
      for (const sandbox of runtimePod.sandboxes) {
        await context.runtime.stopPodSandbox(sandbox.id);
        await context.runtime.removePodSandbox(sandbox.id);
      }
      for (const container of (await readRuntimePod(context.runtime, uid)).containers) await context.runtime.removeContainer(container.id);
    }
    await context.volumes.removeAll(uid);
    await context.cgroups.removePod(uid);
  }
}

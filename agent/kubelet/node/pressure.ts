import { readFile, statfs } from 'node:fs/promises';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import type { RuntimeService } from '../../runtime/runtime-service.ts';
import type { EventSink } from '../events.ts';
import type { PodWorkers } from '../pod-workers.ts';
import { wholeValue } from '../quantity-value.ts';
import { POD_UID_LABEL } from '../runtime-labels.ts';
import type { NodePressure } from './node-status.ts';

const PERIOD_MS = 10_000;
/** Upstream's default evictionHard. */
const MEMORY_AVAILABLE_BYTES = 100 * 1024 * 1024;
const DISK_AVAILABLE_FRACTION = 0.1;
/** Differs from upstream: enough is enough, also of a large disk. A node of driver `local` shares the host's, which people keep nearly full. */
const DISK_AVAILABLE_ENOUGH_BYTES = 2 * 1024 ** 3;
const INODES_FREE_FRACTION = 0.05;
/** Upstream's evictionPressureTransitionPeriod: a condition is kept this long after its cause has gone. */
const TRANSITION_MS = 300_000;

export interface PressureOptions {
  readonly clock: Clock;
  readonly directory: string;
  readonly workers: PodWorkers;
  readonly events: EventSink;
  readonly runtime: RuntimeService;
  readonly onChange: () => void;
  /** Frees disk without hurting pods; resolves with the bytes freed. */
  readonly freeDisk: () => Promise<number>;
}

/** Watches memory and disk, and evicts one pod at a time when either runs out (upstream: pkg/kubelet/eviction). */
export class PressureWatch {
  readonly #options: PressureOptions;
  #current: NodePressure = { memory: false, disk: false, pid: false };
  #lastMemoryMs = Number.NEGATIVE_INFINITY;
  #lastDiskMs = Number.NEGATIVE_INFINITY;

  constructor(options: PressureOptions) {
    this.#options = options;
  }

  get current(): NodePressure {
    return this.#current;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#check().catch((error: unknown) => console.error('Cannot check for pressure', { error: String(error) }));
      await this.#options.clock.sleep(PERIOD_MS, signal).catch(() => undefined);
    }
  }

  async #check(): Promise<void> {
    const { clock, directory, onChange, freeDisk } = this.#options;
    const nowMs = clock.monotonicMs();
    const availableBytes = Number(/MemAvailable:\s+(\d+)/.exec(await readFile('/proc/meminfo', 'utf8'))?.[1] ?? 0) * 1024;
    const lowMemory = availableBytes < MEMORY_AVAILABLE_BYTES;
    let lowDisk = await isDiskLow(directory);
    if (lowMemory) this.#lastMemoryMs = nowMs;
    if (lowDisk) this.#lastDiskMs = nowMs;
    const next = { memory: nowMs - this.#lastMemoryMs < TRANSITION_MS, disk: nowMs - this.#lastDiskMs < TRANSITION_MS, pid: false };
    const changed = next.memory !== this.#current.memory || next.disk !== this.#current.disk;
    this.#current = next;
    if (changed) onChange();
    if (lowDisk && (await freeDisk()) > 0) lowDisk = await isDiskLow(directory);
    if (lowMemory) await this.#evict('memory', availableBytes);
    else if (lowDisk) await this.#evict('ephemeral-storage', 0);
  }

  async #evict(resource: 'memory' | 'ephemeral-storage', availableBytes: number): Promise<void> {
    const { workers, events, runtime } = this.#options;
    const usage = new Map<string, number>();
    for (const { attributes, memory, writableLayer } of await runtime.listContainerStats()) {
      const uid = attributes.labels[POD_UID_LABEL] ?? '';
      const amount = resource === 'memory' ? (memory?.workingSetBytes?.value ?? 0) : (writableLayer?.usedBytes?.value ?? 0);
      usage.set(uid, (usage.get(uid) ?? 0) + amount);
    }
    const [victim] = rankForEviction(workers.activePods(), resource, usage);
    if (victim === undefined) return;
    const detail = resource === 'memory' ? `Threshold quantity: 100Mi, available: ${Math.floor(availableBytes / 1024)}Ki. ` : '';
    const message = `The node was low on resource: ${resource}. ${detail}`;
    events.node({ type: 'Warning', reason: 'EvictionThresholdMet', message: `Attempting to reclaim ${resource}` });
    events.pod(victim, { type: 'Warning', reason: 'Evicted', message });
    workers.worker(victim.metadata.uid ?? '')?.fail({ reason: 'Evicted', message }, 0);
  }
}

async function isDiskLow(directory: string): Promise<boolean> {
  const disk = await statfs(directory);
  return disk.bavail * disk.bsize < Math.min(disk.blocks * disk.bsize * DISK_AVAILABLE_FRACTION, DISK_AVAILABLE_ENOUGH_BYTES) || (disk.files > 0 && disk.ffree < disk.files * INODES_FREE_FRACTION);
}

/** Those above their request first, then by priority, then by how far above; critical pods never. */
export function rankForEviction(pods: readonly Pod[], resource: 'memory' | 'ephemeral-storage', usage: ReadonlyMap<string, number>): readonly Pod[] {
  const excess = (pod: Pod): number => (usage.get(pod.metadata.uid ?? '') ?? 0) - pod.spec.containers.reduce((sum, container) => sum + wholeValue(container.resources?.requests?.[resource]), 0);
  return pods
    .filter((pod) => (pod.spec.priority ?? 0) < 2_000_000_000 && pod.metadata.deletionTimestamp === undefined)
    .map((pod) => ({ pod, excess: excess(pod), priority: pod.spec.priority ?? 0 }))
    .sort((a, b) => Number(b.excess > 0) - Number(a.excess > 0) || a.priority - b.priority || b.excess - a.excess)
    .map(({ pod }) => pod);
}

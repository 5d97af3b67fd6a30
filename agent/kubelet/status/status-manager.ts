import { deepEqual } from '../../../kube/apimachinery/json.ts';
import { isConflict, isNotFound } from '../../../kube/apimachinery/status.ts';
import { pods } from '../../../kube/api/generated/core/v1.ts';
import type { Pod, PodStatus } from '../../../kube/api/generated/core/v1.ts';
import type { Client } from '../../../kube/client/client.ts';

/** Fields of a status that this kubelet owns; one that is gone from the newest status is cleared on the server. */
const OWNED = ['observedGeneration', 'phase', 'reason', 'message', 'hostIP', 'hostIPs', 'podIP', 'podIPs', 'startTime', 'qosClass', 'initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'] as const;

interface Entry { pod: Pod; status: PodStatus; sent: PodStatus | undefined; writing: boolean; again: boolean; finished: boolean }

/**
 * Remembers the newest status of every pod and brings it to the API server, one write at a time for each pod, newest wins
 * (upstream: pkg/kubelet/status). Failed writes are tried again by {@link flush}.
 */
export class StatusManager {
  readonly #client: Client;
  readonly #entries = new Map<string, Entry>();
  readonly #onDeleted: (uid: string) => void;

  constructor(options: { readonly client: Client; readonly onDeleted?: (uid: string) => void }) {
    this.#client = options.client;
    this.#onDeleted = options.onDeleted ?? (() => undefined);
  }

  /** The newest known status, which may not have reached the server yet. */
  status(uid: string): PodStatus | undefined {
    return this.#entries.get(uid)?.status;
  }

  set(pod: Pod, status: PodStatus): void {
    const uid = pod.metadata.uid ?? '';
    const entry = this.#entries.get(uid);
    if (entry === undefined) this.#entries.set(uid, { pod, status, sent: undefined, writing: false, again: false, finished: false });
    else {
      // Somebody else changed what is ours (node lifecycle marks pods of a lost node not ready): say it again.
      if (hasDrifted(pod.status, status)) entry.sent = undefined;
      Object.assign(entry, { pod, status });
    }
    this.#kick(uid);
  }

  /** Nothing of the pod is left on the node: after its last status is written, it may go from the API. */
  finish(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const entry = this.#entries.get(uid) ?? { pod, status: pod.status ?? {}, sent: pod.status, writing: false, again: false, finished: false };
    Object.assign(entry, { pod, finished: true });
    this.#entries.set(uid, entry);
    this.#kick(uid);
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  /** Tries again what has not been written. */
  flush(): void {
    for (const uid of this.#entries.keys()) this.#kick(uid);
  }

  #kick(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry === undefined) return;
    entry.again = entry.writing;
    if (entry.writing) return;
    entry.writing = true;
    this.#write(uid, entry)
      .catch((error: unknown) => console.error('Cannot write pod status', { pod: `${entry.pod.metadata.namespace}/${entry.pod.metadata.name}`, error: String(error) }))
      .finally(() => {
        entry.writing = false;
        if (entry.again) this.#kick(uid);
      });
  }

  async #write(uid: string, entry: Entry): Promise<void> {
    const target = { namespace: entry.pod.metadata.namespace ?? '', name: entry.pod.metadata.name };
    try {
      while (!deepEqual(entry.sent ?? reported(entry.pod.status), entry.status)) {
        const status = entry.status;
        await this.#client.patch(pods, target, { type: 'strategic', patch: { metadata: { uid }, status: statusPatch(entry.sent ?? entry.pod.status ?? {}, status) } }, { subresource: 'status' });
        entry.sent = status;
      }
      if (entry.finished && entry.pod.metadata.deletionTimestamp !== undefined) {
        await this.#client.delete(pods, target, { gracePeriodSeconds: 0, preconditions: { uid } });
        this.#onDeleted(uid);
      }
    } catch (error) {
      // The pod is gone, or another one has its name: nobody is left to be told.
      if (!isNotFound(error) && !isOtherPod(error)) throw error;
      entry.sent = entry.status;
    }
  }
}

/** The uid in the patch or the precondition is not that of the pod that has this name now. */
function isOtherPod(error: unknown): boolean {
  return isConflict(error) && error instanceof Error && /uid/i.test(error.message);
}

function hasDrifted(onServer: PodStatus | undefined, own: PodStatus): boolean {
  if (onServer === undefined || onServer.phase !== own.phase) return true;
  return (own.conditions ?? []).some(({ type, status }) => onServer.conditions?.find((condition) => condition.type === type)?.status !== status);
}

/** What the server holds, without others' conditions, to compare with. */
function reported(status: PodStatus | undefined): PodStatus {
  const own: Record<string, unknown> = {};
  for (const name of OWNED) if (status?.[name] !== undefined) own[name] = status[name];
  const conditions = (status?.conditions ?? []).filter(({ type }) => KUBELET_CONDITIONS.has(type));
  return { ...own, ...(conditions.length > 0 && { conditions }) } as PodStatus;
}

const KUBELET_CONDITIONS = new Set(['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled']);

function statusPatch(before: PodStatus, status: PodStatus): Record<string, unknown> {
  const patch: Record<string, unknown> = { ...status };
  for (const name of OWNED) if (status[name] === undefined && before[name] !== undefined) patch[name] = null;
  // Lists of addresses merge by address: without this, the one of a sandbox that is gone would stay beside the new one.
  for (const name of ['podIPs', 'hostIPs'] as const) if (status[name] !== undefined) patch[name] = [...status[name], { $patch: 'replace' }];
  // A verdict that lost its reason must lose it on the server too; the list merges by type.
  patch['conditions'] = (status.conditions ?? []).map((condition) => ({ ...condition, reason: condition.reason ?? null, message: condition.message ?? null, lastProbeTime: null }));
  return patch;
}

import { type Node, nodes, type Pod, pods } from '../../../kube/api/generated/core/v1.ts';
import { isNotFound } from '../../../kube/apimachinery/status.ts';
import { formatTime } from '../../../kube/apimachinery/time.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { targetOf } from '../object-key.ts';
import { isPodTerminal } from '../pod-conditions.ts';

/** Upstream: gcCheckPeriod, quarantineTime, and terminated-pod-gc-threshold. */
const CHECK_PERIOD_MS = 20_000;
const QUARANTINE_MS = 40_000;
const TERMINATED_POD_THRESHOLD = 12_500;
const SWEEP = 'sweep';

/** Removes pods that no kubelet will finish: of nodes that are gone, unscheduled and terminating, on out-of-service nodes, and too many finished. */
export class PodGcController implements Controller {
  readonly name = 'pod-garbage-collector-controller';
  readonly workers = 1;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  readonly #missingSince = new Map<string, number>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#nodes = context.informers.informer(nodes);
    this.#pods = context.informers.informer(pods);
    this.watches = [
      { informer: this.#nodes, keysFor: () => [] },
      { informer: this.#pods, keysFor: (pod: Pod) => (isUnscheduledTerminating(pod) || this.#lostNode(pod) ? [SWEEP] : []) },
    ] as readonly ControllerWatch[];
  }

  async reconcile(_key: string, signal: AbortSignal): Promise<{ requeueAfterMs: number }> {
    const all = this.#pods.lister.list();
    await this.#removeTerminated(all, signal);
    for (const pod of all) {
      if (isUnscheduledTerminating(pod)) await this.#remove(pod, { signal });
      else if (isTerminatingOutOfService(pod, this.#nodes)) await this.#remove(pod, { reason: 'DeletionByPodGC', message: 'PodGC: node is out of service', signal });
    }
    await this.#removeOrphans(all, signal);
    return { requeueAfterMs: CHECK_PERIOD_MS };
  }

  #lostNode(pod: Pod): boolean {
    return Boolean(pod.spec.nodeName) && this.#nodes.hasSynced && this.#nodes.lister.get(pod.spec.nodeName ?? '') === undefined;
  }

  async #removeTerminated(all: readonly Pod[], signal: AbortSignal): Promise<void> {
    const finished = all.filter((pod) => isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined);
    const surplus = finished.length - TERMINATED_POD_THRESHOLD;
    if (surplus <= 0) return;
    const oldest = finished.toSorted((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1));
    for (const pod of oldest.slice(0, surplus)) await this.#remove(pod, { signal });
  }

  /** A missing node is given time: a pod may be seen before the node it was bound to. */
  async #removeOrphans(all: readonly Pod[], signal: AbortSignal): Promise<void> {
    const nowMs = this.#context.clock.now();
    const orphans = all.filter((pod) => this.#lostNode(pod));
    const missing = new Set(orphans.map((pod) => pod.spec.nodeName ?? ''));
    for (const name of this.#missingSince.keys()) if (!missing.has(name)) this.#missingSince.delete(name);
    for (const name of missing) if (!this.#missingSince.has(name)) this.#missingSince.set(name, nowMs);
    for (const pod of orphans) {
      const name = pod.spec.nodeName ?? '';
      if (nowMs - (this.#missingSince.get(name) ?? nowMs) < QUARANTINE_MS || !(await this.#nodeIsGone(name, signal))) continue;
      await this.#remove(pod, { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists', signal });
    }
  }

  async #nodeIsGone(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#context.client.get(nodes, { name }, { signal });
      return false;
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  }

  async #remove(pod: Pod, options: { readonly reason?: string; readonly message?: string; readonly signal: AbortSignal }): Promise<void> {
    const { signal } = options;
    try {
      if (!isPodTerminal(pod)) {
        const lastTransitionTime = formatTime(this.#context.clock.now());
        const conditions = options.reason === undefined ? [] : [{ type: 'DisruptionTarget', status: 'True', reason: options.reason, message: options.message, lastTransitionTime }];
        const patch = { metadata: { uid: pod.metadata.uid }, status: { phase: 'Failed', ...(conditions.length > 0 && { conditions }) } };
        await this.#context.client.patch(pods, targetOf(pod), { type: 'strategic', patch }, { subresource: 'status', signal });
      }
      await this.#context.client.delete(pods, targetOf(pod), { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid }, signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

function isUnscheduledTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined && !pod.spec.nodeName;
}

function isTerminatingOutOfService(pod: Pod, informer: Informer<Node>): boolean {
  if (pod.metadata.deletionTimestamp === undefined || !pod.spec.nodeName) return false;
  const node = informer.lister.get(pod.spec.nodeName);
  const ready = node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
  return node !== undefined && !ready && (node.spec?.taints ?? []).some(({ key }) => key === 'node.kubernetes.io/out-of-service');
}

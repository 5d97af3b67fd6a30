import { type Node, nodes, type Pod, pods, type Taint, type Toleration } from '../../../kube/api/generated/core/v1.ts';
import { isNotFound } from '../../../kube/apimachinery/status.ts';
import { formatTime, parseTime } from '../../../kube/apimachinery/time.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { keyOf, targetOf } from '../object-key.ts';
import { NODE_INDEX, nodeIndex } from '../pod-indexes.ts';

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  return Boolean(toleration.key) && (toleration.value ?? '') === (taint.value ?? '');
}

/** When a pod must leave a node with these NoExecute taints; Infinity when it may stay. */
export function evictionTimeMs(pod: Pod, { taints, nowMs }: { readonly taints: readonly Taint[]; readonly nowMs: number }): number {
  let dueMs = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const matching = (pod.spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
    if (matching.length === 0) return nowMs;
    const addedMs = parseTime(taint.timeAdded) ?? nowMs;
    for (const { tolerationSeconds } of matching) {
      if (tolerationSeconds !== undefined) dueMs = Math.min(dueMs, addedMs + Math.max(0, tolerationSeconds) * 1000);
    }
  }
  return dueMs;
}

/** Deletes pods that do not, or no longer, tolerate a NoExecute taint of their node. Key: the pod. */
export class TaintEvictionController implements Controller {
  readonly name = 'taint-eviction-controller';
  readonly workers = 4;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#nodes = context.informers.informer(nodes);
    this.#pods = context.informers.informer(pods, { indexers: { [NODE_INDEX]: nodeIndex } });
    this.watches = [
      { informer: this.#pods, keysFor: (pod: Pod) => (this.#taintsFor(pod).length > 0 ? [keyOf(pod)] : []) },
      { informer: this.#nodes, keysFor: (node: Node) => (noExecute(node).length === 0 ? [] : this.#pods.lister.byIndex(NODE_INDEX, node.metadata.name).map(keyOf)) },
    ] as readonly ControllerWatch[];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | void> {
    const pod = this.#pods.lister.get(key);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return;
    const nowMs = this.#context.clock.now();
    const taints = this.#taintsFor(pod);
    const dueMs = taints.length === 0 ? Number.POSITIVE_INFINITY : evictionTimeMs(pod, { taints, nowMs });
    if (dueMs === Number.POSITIVE_INFINITY) return;
    if (dueMs > nowMs) return { requeueAfterMs: dueMs - nowMs };
    this.#context.recorder.event({ object: pod, type: 'Normal', reason: 'TaintManagerEviction', message: `Marking for deletion Pod ${key}` });
    try {
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByTaintManager',
        message: 'Taint manager: deleting due to NoExecute taint',
        lastTransitionTime: formatTime(nowMs),
      };
      const patch = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } };
      await this.#context.client.patch(pods, targetOf(pod), { type: 'strategic', patch }, { subresource: 'status', signal });
      await this.#context.client.delete(pods, targetOf(pod), { preconditions: { uid: pod.metadata.uid }, signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #taintsFor(pod: Pod): readonly Taint[] {
    const node = pod.spec.nodeName ? this.#nodes.lister.get(pod.spec.nodeName) : undefined;
    return node === undefined ? [] : noExecute(node);
  }
}

function noExecute(node: Node): readonly Taint[] {
  return (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
}

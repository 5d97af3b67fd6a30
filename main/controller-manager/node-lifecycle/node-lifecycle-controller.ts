import { type Lease, leases } from '../../../kube/api/generated/coordination/v1.ts';
import { type Node, nodes, type Pod, pods } from '../../../kube/api/generated/core/v1.ts';
import { isNotFound } from '../../../kube/apimachinery/status.ts';
import { formatTime } from '../../../kube/apimachinery/time.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { targetOf } from '../object-key.ts';
import { patchStatus } from '../patch-status.ts';
import { isPodReady } from '../pod-conditions.ts';
import { NODE_INDEX, nodeIndex } from '../pod-indexes.ts';
import { conditionOf, desiredTaints, type NodeHeartbeat, observeHeartbeat, silentNodeConditions } from './node-health.ts';

/** Upstream: nodeMonitorPeriod. */
const MONITOR_PERIOD_MS = 5_000;

/**
 * Watches the nodes' heartbeats, turns silence into conditions and conditions into taints (upstream: pkg/controller/nodelifecycle).
 * Differs from upstream: no zones and no rate limit of evictions; only «all nodes are down» is told from «some are».
 */
export class NodeLifecycleController implements Controller {
  readonly name = 'node-lifecycle-controller';
  readonly workers = 4;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #nodes: Informer<Node>;
  readonly #leases: Informer<Lease>;
  readonly #pods: Informer<Pod>;
  readonly #heartbeats = new Map<string, NodeHeartbeat>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#nodes = context.informers.informer(nodes);
    this.#leases = context.informers.informer(leases, { namespace: 'kube-node-lease' });
    this.#pods = context.informers.informer(pods, { indexers: { [NODE_INDEX]: nodeIndex } });
    this.watches = [
      { informer: this.#nodes, keysFor: (node: Node) => [node.metadata.name] },
      { informer: this.#leases, keysFor: () => [] },
      { informer: this.#pods, keysFor: () => [] },
    ] as readonly ControllerWatch[];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | void> {
    const node = this.#nodes.lister.get(name);
    if (node === undefined) {
      if (this.#heartbeats.delete(name)) this.#nodeEvent(name, 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
      return;
    }
    const nowMs = this.#context.clock.now();
    const monotonicMs = this.#context.clock.monotonicMs();
    const known = this.#heartbeats.get(name);
    if (known === undefined) this.#nodeEvent(name, 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`, node);
    const leaseRenewTime = this.#leases.lister.get(`kube-node-lease/${name}`)?.spec?.renewTime;
    const heartbeat = observeHeartbeat(known, { node, leaseRenewTime, monotonicMs });
    this.#heartbeats.set(name, heartbeat);
    const silent = silentNodeConditions(node, { heartbeat, monotonicMs, nowMs });
    const current = silent === undefined ? node : await this.#declareSilent(node, { conditions: silent, signal });
    // A mark made by our own write is no sign of life.
    if (silent !== undefined) this.#heartbeats.set(name, observeHeartbeat(undefined, { node: current, leaseRenewTime, monotonicMs: heartbeat.seenMs }));
    await this.#applyTaints(current, signal);
    if (conditionOf(current, 'Ready')?.status !== 'True') await this.#markPodsNotReady(name, signal);
    return { requeueAfterMs: MONITOR_PERIOD_MS };
  }

  async #declareSilent(node: Node, { conditions, signal }: { readonly conditions: NonNullable<Node['status']>['conditions']; readonly signal: AbortSignal }): Promise<Node> {
    const { name } = node.metadata;
    const updated = await patchStatus(this.#context.client, { resource: nodes, object: node, status: { ...node.status, conditions }, signal });
    this.#nodeEvent(name, 'NodeNotReady', `Node ${name} status is now: NodeNotReady`, node);
    return updated;
  }

  async #applyTaints(node: Node, signal: AbortSignal): Promise<void> {
    const others = this.#nodes.lister.list();
    const evict = others.some((other) => other.metadata.name !== node.metadata.name && conditionOf(other, 'Ready')?.status === 'True');
    const current = node.spec?.taints ?? [];
    const taints = desiredTaints(node, { evict, nowMs: this.#context.clock.now() });
    if (taints === current) return;
    const { uid, resourceVersion, name } = node.metadata;
    const patch = { metadata: { uid, resourceVersion }, spec: { taints: taints.length === 0 ? null : taints } };
    await this.#context.client.patch(nodes, { name }, { type: 'merge', patch }, { signal });
  }

  async #markPodsNotReady(nodeName: string, signal: AbortSignal): Promise<void> {
    const now = formatTime(this.#context.clock.now());
    for (const pod of this.#pods.lister.byIndex(NODE_INDEX, nodeName).filter(isPodReady)) {
      const conditions = pod.status?.conditions?.map((condition) => (condition.type === 'Ready' ? { ...condition, status: 'False', lastTransitionTime: now } : condition));
      try {
        await this.#context.client.patch(pods, targetOf(pod), { type: 'merge', patch: { metadata: { uid: pod.metadata.uid }, status: { conditions } } }, { subresource: 'status', signal });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      this.#context.recorder.event({ object: pod, type: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready' });
    }
  }

  #nodeEvent(name: string, reason: string, message: string, node?: Node): void {
    const involved = node ?? { apiVersion: 'v1', kind: 'Node', metadata: { name, uid: name } };
    this.#context.recorder.event({ object: involved, type: 'Normal', reason, message });
  }
}

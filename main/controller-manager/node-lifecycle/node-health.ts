import type { Node, NodeCondition, Taint } from '../../../kube/api/generated/core/v1.ts';
import { formatTime, parseTime } from '../../../kube/apimachinery/time.ts';

/** Upstream's node-monitor-grace-period (50 s since 1.32): this long without a sign of life makes a node Unknown. */
export const NODE_GRACE_MS = 50_000;
/** Upstream's nodeStartupGracePeriod: a node that never reported. */
const NODE_STARTUP_GRACE_MS = 60_000;

/** The last sign of life, and when this process saw it, on the clock that never jumps: the node's clock is never compared with ours. */
export interface NodeHeartbeat {
  readonly mark: string;
  readonly seenMs: number;
}

export function observeHeartbeat(
  previous: NodeHeartbeat | undefined,
  observed: { readonly node: Node; readonly leaseRenewTime: string | undefined; readonly monotonicMs: number },
): NodeHeartbeat {
  const ready = conditionOf(observed.node, 'Ready');
  const mark = `${observed.leaseRenewTime ?? ''}|${ready?.lastHeartbeatTime ?? ''}|${ready?.status ?? ''}`;
  if (previous?.mark === mark) return previous;
  return { mark, seenMs: observed.monotonicMs };
}

export function conditionOf(node: Node, type: string): NodeCondition | undefined {
  return node.status?.conditions?.find((condition) => condition.type === type);
}

/** The node's conditions once its kubelet fell silent; undefined while it is still in its grace period. */
export function silentNodeConditions(
  node: Node,
  { heartbeat, monotonicMs, nowMs }: { readonly heartbeat: NodeHeartbeat; readonly monotonicMs: number; readonly nowMs: number },
): NodeCondition[] | undefined {
  const everReported = conditionOf(node, 'Ready') !== undefined;
  const createdMs = parseTime(node.metadata.creationTimestamp);
  const silentMs = everReported || createdMs === undefined ? monotonicMs - heartbeat.seenMs : nowMs - createdMs;
  if (silentMs <= (everReported ? NODE_GRACE_MS : NODE_STARTUP_GRACE_MS)) return undefined;
  const now = formatTime(nowMs);
  const conditions = [...(node.status?.conditions ?? [])];
  let changed = false;
  for (const type of ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']) {
    const index = conditions.findIndex((condition) => condition.type === type);
    const known = conditions[index];
    if (known === undefined) {
      const message = 'Kubelet never posted node status.';
      const lastHeartbeatTime = node.metadata.creationTimestamp;
      conditions.push({ type, status: 'Unknown', reason: 'NodeStatusNeverUpdated', message, lastHeartbeatTime, lastTransitionTime: now });
      changed = true;
    } else if (known.status !== 'Unknown') {
      const message = 'Kubelet stopped posting node status.';
      conditions[index] = { ...known, status: 'Unknown', reason: 'NodeStatusUnknown', message, lastTransitionTime: now };
      changed = true;
    }
  }
  return changed ? conditions : undefined;
}

const NOT_READY = 'node.kubernetes.io/not-ready';
const UNREACHABLE = 'node.kubernetes.io/unreachable';
const CONDITION_TAINTS: Readonly<Record<string, string>> = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  NetworkUnavailable: 'node.kubernetes.io/network-unavailable',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
};
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';
const OWN_NO_SCHEDULE = new Set([NOT_READY, UNREACHABLE, UNSCHEDULABLE, ...Object.values(CONDITION_TAINTS)]);

/**
 * The taints a node should have: conditions become NoSchedule taints, and an unready node evicts its pods (NoExecute) unless `evict` is
 * false, which is so when every node is down: then the fault is more likely ours.
 */
export function desiredTaints(node: Node, { evict, nowMs }: { readonly evict: boolean; readonly nowMs: number }): readonly Taint[] {
  const current = node.spec?.taints ?? [];
  const ready = conditionOf(node, 'Ready')?.status;
  const readiness = ready === 'True' ? undefined : ready === 'False' ? NOT_READY : UNREACHABLE;
  const noSchedule = [
    readiness,
    ...Object.entries(CONDITION_TAINTS).map(([type, key]) => (conditionOf(node, type)?.status === 'True' ? key : undefined)),
    node.spec?.unschedulable === true ? UNSCHEDULABLE : undefined,
  ].filter((key) => key !== undefined);
  const foreign = current.filter(
    ({ key, effect }) => !(effect === 'NoSchedule' && OWN_NO_SCHEDULE.has(key)) && !(effect === 'NoExecute' && (key === NOT_READY || key === UNREACHABLE)),
  );
  const keep = (key: string, effect: string): Taint =>
    current.find((taint) => taint.key === key && taint.effect === effect) ?? { key, effect, timeAdded: formatTime(nowMs) };
  const wanted = noSchedule.map((key) => keep(key, 'NoSchedule'));
  if (readiness !== undefined && evict) wanted.push(keep(readiness, 'NoExecute'));
  const unchanged = current.length === foreign.length + wanted.length && wanted.every((taint) => current.includes(taint));
  return unchanged ? current : [...foreign, ...wanted];
}

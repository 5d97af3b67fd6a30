import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import type { CycleState } from './cycle-state.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Status } from './status.ts';

/**
 * The extension points of the scheduler, one small interface each (upstream: pkg/scheduler/framework). Call order for one pod:
 * PreEnqueue … QueueSort … PreFilter, Filter (per node), PostFilter (when none fits), PreScore, Score (per node), NormalizeScore, Reserve,
 * Permit; then, off the scheduling path: PreBind, Bind, PostBind. A later failure runs Unreserve in reverse order.
 *
 * All points up to Permit are synchronous: one cycle is one turn of the event loop, so that it sees one state of the world without a snapshot.
 * A status of undefined means success.
 */
export interface PreEnqueuePlugin {
  preEnqueue(pod: Pod): Status | undefined;
}

export interface QueueSortPlugin {
  /** Negative when a goes first. */
  compare(a: QueuedPodInfo, b: QueuedPodInfo): number;
}

export interface QueuedPodInfo {
  readonly podInfo: PodInfo;
  readonly queuedMs: number;
  readonly attempts: number;
}

export interface PreFilterResult {
  readonly status?: Status;
  /** When given, only these nodes need a look. */
  readonly nodeNames?: ReadonlySet<string>;
}

export interface PreFilterPlugin {
  preFilter(state: CycleState, info: PodInfo, nodes: readonly NodeInfo[]): PreFilterResult | undefined;
  /** Keep the state of preFilter right in a what-if; absent when it does not depend on other pods. */
  addPod?(state: CycleState, change: PodChange): void;
  removePod?(state: CycleState, change: PodChange): void;
}

export interface PodChange {
  readonly toSchedule: PodInfo;
  readonly changed: PodInfo;
  readonly node: NodeInfo;
}

export interface FilterPlugin {
  filter(state: CycleState, info: PodInfo, node: NodeInfo): Status | undefined;
}

export interface PostFilterPlugin {
  postFilter(state: CycleState, info: PodInfo, nodeStatuses: ReadonlyMap<string, Status>): PostFilterResult;
}

export interface PostFilterResult {
  readonly status?: Status;
  /** The node that the pod shall go to once its victims are gone; '' clears an earlier nomination. */
  readonly nominatedNodeName?: string;
}

export interface PreScorePlugin {
  preScore(state: CycleState, info: PodInfo, nodes: readonly NodeInfo[]): Status | undefined;
}

export interface ScorePlugin {
  readonly weight: number;
  score(state: CycleState, info: PodInfo, node: NodeInfo): number;
  /** Brings raw scores, one per node, to 0…100 in place. */
  normalizeScore?(state: CycleState, info: PodInfo, scores: { readonly nodes: readonly NodeInfo[]; readonly values: number[] }): void;
}

export interface ReservePlugin {
  reserve(state: CycleState, info: PodInfo, nodeName: string): Status | undefined;
  unreserve(state: CycleState, info: PodInfo, nodeName: string): void;
}

export interface PermitPlugin {
  permit(state: CycleState, info: PodInfo, nodeName: string): Status | undefined;
}

export interface PreBindPlugin {
  preBind(state: CycleState, info: PodInfo, target: { readonly nodeName: string; readonly signal: AbortSignal }): Promise<Status | undefined>;
}

export interface BindPlugin {
  bind(state: CycleState, info: PodInfo, target: { readonly nodeName: string; readonly signal: AbortSignal }): Promise<Status | undefined>;
}

export interface PostBindPlugin {
  postBind(state: CycleState, info: PodInfo, nodeName: string): void;
}

export type ClusterResource = 'Node' | 'AssignedPod' | 'UnscheduledPod' | 'PersistentVolumeClaim' | 'PersistentVolume' | 'StorageClass' | 'Namespace';

/** Something that may make an unschedulable pod schedulable. */
export interface ClusterEvent {
  readonly resource: ClusterResource;
  readonly action: 'Add' | 'Update' | 'Delete';
  readonly object: unknown;
  readonly previous?: unknown;
}

export interface QueueingHintPlugin {
  /** May `pod`, which this plugin rejected, fit after the event? Absent: any event may help. */
  mayHelp(pod: Pod, event: ClusterEvent): boolean;
}

export type SchedulerPlugin = { readonly name: string } & Partial<
  PreEnqueuePlugin &
    QueueSortPlugin &
    PreFilterPlugin &
    FilterPlugin &
    PostFilterPlugin &
    PreScorePlugin &
    ScorePlugin &
    ReservePlugin &
    PermitPlugin &
    PreBindPlugin &
    BindPlugin &
    PostBindPlugin &
    QueueingHintPlugin
>;

import { isNotFound } from '../../../kube/apimachinery/status.ts';
import { formatTime } from '../../../kube/apimachinery/time.ts';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { pods } from '../../../kube/api/generated/core/v1.ts';
import type { Client } from '../../../kube/client/client.ts';
import type { EventRecorder } from '../../../kube/client/event-recorder.ts';
import type { BackgroundTasks } from '../framework/background-tasks.ts';
import { fitErrorMessage } from '../framework/fit-error.ts';
import type { Framework } from '../framework/framework.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import type { PostFilterResult, SchedulerPlugin } from '../framework/plugin.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { type Status, unschedulable } from '../framework/status.ts';
import type { Nominator } from '../queue/nominator.ts';
import type { SchedulerMetrics } from '../scheduler-metrics.ts';
import { type Candidate, type DisruptionBudget, pickCandidate, selectVictims } from './preemption-candidates.ts';

/** Upstream's minCandidateNodesAbsolute and …Percentage: how many nodes are tried at most. */
const MIN_CANDIDATES = 100;
const CANDIDATE_SHARE = 0.1;

export interface DefaultPreemptionOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly tasks: BackgroundTasks;
  readonly nominator: Nominator;
  /** Set after construction: preemption filters with the framework that it is part of. */
  readonly framework: () => Framework;
  readonly node: (name: string) => NodeInfo | undefined;
  readonly budgets: () => readonly DisruptionBudget[];
  /** Set after construction, as the framework. */
  readonly metrics: () => Pick<SchedulerMetrics, 'preempting' | 'preempted'>;
}

/** When no node fits: makes room on one by evicting pods of lower priority (upstream: defaultpreemption). */
export function defaultPreemption(options: DefaultPreemptionOptions): SchedulerPlugin {
  return {
    name: 'DefaultPreemption',
    postFilter(state, info, nodeStatuses) {
      options.metrics().preempting();
      const obstacle = notEligible(info, options);
      if (obstacle !== undefined) return { status: unschedulable(`preemption: ${obstacle}`) };
      const verdicts = new Map<string, Status>();
      const candidates: Candidate[] = [];
      const limit = Math.max(MIN_CANDIDATES, Math.floor(nodeStatuses.size * CANDIDATE_SHARE));
      const budgets = options.budgets();
      for (const [name, status] of nodeStatuses) {
        const node = options.node(name);
        if (status.code !== 'Unschedulable' || node === undefined) {
          verdicts.set(name, unschedulable('Preemption is not helpful for scheduling'));
          continue;
        }
        const candidate = candidates.length >= limit ? undefined : selectVictims(options.framework(), { state, info, node, budgets });
        if (candidate === undefined) verdicts.set(name, unschedulable('No preemption victims found for incoming pod'));
        else candidates.push(candidate);
      }
      const chosen = pickCandidate(candidates);
      if (chosen === undefined) {
        const message = fitErrorMessage({ totalNodes: nodeStatuses.size, nodeStatuses: verdicts });
        return { status: unschedulable(`preemption: ${message}`), nominatedNodeName: '' };
      }
      return preempt(info, chosen, options);
    },
    mayHelp: (_pod, { resource, action }) => resource === 'AssignedPod' && action === 'Delete',
  };
}

function notEligible({ pod, priority, uid }: PodInfo, options: DefaultPreemptionOptions): string | undefined {
  if (pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = options.nominator.nodeOf(uid) ?? pod.status?.nominatedNodeName;
  const node = nominated ? options.node(nominated) : undefined;
  for (const other of node?.pods.values() ?? []) {
    const leaving = other.pod.metadata.deletionTimestamp !== undefined;
    if (leaving && other.priority < priority) return 'not eligible due to a terminating pod on the nominated node.';
  }
  return undefined;
}

function preempt(info: PodInfo, { nodeName, victims }: Candidate, options: DefaultPreemptionOptions): PostFilterResult {
  options.metrics().preempted(victims.length);
  for (const victim of victims) {
    options.tasks.run(() => evict(victim, options));
    options.recorder.event({ object: victim.pod, type: 'Normal', reason: 'Preempted', message: `Preempted by pod ${info.uid} on node ${nodeName}` });
  }
  for (const { uid } of options.nominator.below(nodeName, info.priority)) options.nominator.remove(uid);
  return { nominatedNodeName: nodeName };
}

async function evict({ pod }: PodInfo, { client, clock }: DefaultPreemptionOptions): Promise<void> {
  const { name, namespace, uid } = pod.metadata;
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: `${pod.spec.schedulerName ?? 'default-scheduler'}: preempting to accommodate a higher priority pod`,
    lastTransitionTime: formatTime(clock.now()),
  };
  try {
    const patch = { metadata: { uid }, status: { conditions: [condition] } };
    await client.patch(pods, { namespace, name }, { type: 'strategic', patch }, { subresource: 'status' });
    await client.delete(pods, { namespace, name }, { preconditions: { uid } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

import type { Random } from '../../kube/apimachinery/random.ts';
import type { SchedulerCache } from './cache/scheduler-cache.ts';
import { CycleState } from './framework/cycle-state.ts';
import type { Framework } from './framework/framework.ts';
import type { NodeInfo } from './framework/node-info.ts';
import type { PodInfo } from './framework/pod-info.ts';
import type { Status } from './framework/status.ts';
import type { Nominator } from './queue/nominator.ts';

/** Below this many nodes all are looked at (upstream: minFeasibleNodesToFind). */
const MIN_FEASIBLE_NODES = 100;
const MIN_FEASIBLE_PERCENTAGE = 5;

export type FindNodeResult =
  | { readonly outcome: 'found'; readonly nodeName: string }
  | { readonly outcome: 'none'; readonly totalNodes: number; readonly nodeStatuses: ReadonlyMap<string, Status>; readonly preFilter?: Status }
  | { readonly outcome: 'error'; readonly status: Status };

/** How many feasible nodes are enough: the larger the cluster, the smaller the share (upstream: numFeasibleNodesToFind). */
export function feasibleNodesToFind(totalNodes: number): number {
  if (totalNodes < MIN_FEASIBLE_NODES) return totalNodes;
  const percentage = Math.max(MIN_FEASIBLE_PERCENTAGE, 50 - Math.floor(totalNodes / 125));
  return Math.max(MIN_FEASIBLE_NODES, Math.floor((totalNodes * percentage) / 100));
}

/** Chooses a node for one pod: filter a sample of the nodes, score what fits, take one of the best. Synchronous, so it sees one state. */
export class NodeFinder {
  readonly #framework: Framework;
  readonly #cache: SchedulerCache;
  readonly #nominator: Nominator;
  readonly #random: Random;
  /** Where the next sample begins, so that all nodes get their turn. */
  #start = 0;

  constructor(options: { readonly framework: Framework; readonly cache: SchedulerCache; readonly nominator: Nominator; readonly random: Random }) {
    this.#framework = options.framework;
    this.#cache = options.cache;
    this.#nominator = options.nominator;
    this.#random = options.random;
  }

  find(state: CycleState, info: PodInfo): FindNodeResult {
    const nodes = this.#cache.nodes();
    const preFilter = this.#framework.preFilter(state, info, nodes);
    if (preFilter.status?.code === 'Error') return { outcome: 'error', status: preFilter.status };
    if (preFilter.status !== undefined) {
      const nodeStatuses = new Map(nodes.map((node) => [node.name, preFilter.status as Status]));
      return { outcome: 'none', totalNodes: nodes.length, nodeStatuses, preFilter: preFilter.status };
    }
    const { feasible, nodeStatuses } = this.#filter(state, info, { nodes, names: preFilter.nodeNames });
    if (preFilter.nodeNames !== undefined) {
      const reasons = [`node(s) didn't satisfy plugin(s) [${preFilter.narrowedBy.toSorted().join(' ')}]`];
      for (const { name } of nodes) if (!preFilter.nodeNames.has(name)) nodeStatuses.set(name, { code: 'UnschedulableAndUnresolvable', reasons, plugin: preFilter.narrowedBy[0] });
    }
    const first = feasible[0];
    if (first === undefined) return { outcome: 'none', totalNodes: nodes.length, nodeStatuses };
    if (feasible.length === 1) return { outcome: 'found', nodeName: first.name };
    const status = this.#framework.preScore(state, info, feasible);
    if (status !== undefined) return { outcome: 'error', status };
    const totals = this.#framework.score(state, info, feasible);
    return { outcome: 'found', nodeName: this.#pickBest(feasible, totals).name };
  }

  #filter(
    state: CycleState,
    info: PodInfo,
    { nodes, names }: { readonly nodes: readonly NodeInfo[]; readonly names: ReadonlySet<string> | undefined },
  ): { readonly feasible: NodeInfo[]; readonly nodeStatuses: Map<string, Status> } {
    const nodeStatuses = new Map<string, Status>();
    const nominated = this.#nominator.nodeOf(info.uid) ?? info.pod.status?.nominatedNodeName;
    const preferred = nominated ? this.#cache.node(nominated) : undefined;
    if (preferred !== undefined && this.#passes(state, info, preferred) === undefined) return { feasible: [preferred], nodeStatuses };
    const pool = names === undefined ? nodes : [...names].flatMap((name) => this.#cache.node(name) ?? []);
    const enough = feasibleNodesToFind(pool.length);
    const feasible: NodeInfo[] = [];
    const offset = names === undefined ? this.#start : 0;
    let looked = 0;
    for (; looked < pool.length && feasible.length < enough; looked++) {
      const node = pool[(offset + looked) % pool.length] as NodeInfo;
      const status = this.#passes(state, info, node);
      if (status === undefined) feasible.push(node);
      else nodeStatuses.set(node.name, status);
    }
    if (names === undefined && pool.length > 0) this.#start = (offset + looked) % pool.length;
    return { feasible, nodeStatuses };
  }

  /** Must fit with the pods that have a claim on the node, and also without them: they may never come. */
  #passes(state: CycleState, info: PodInfo, node: NodeInfo): Status | undefined {
    const claims = this.#nominator.outranking(node.name, info);
    if (claims.length > 0) {
      const crowded = node.clone();
      const crowdedState = state.clone();
      for (const changed of claims) {
        crowded.addPod(changed);
        this.#framework.addPod(crowdedState, { toSchedule: info, changed, node: crowded });
      }
      const status = this.#framework.filter(crowdedState, info, crowded);
      if (status !== undefined) return status;
    }
    return this.#framework.filter(state, info, node);
  }

  #pickBest(nodes: readonly NodeInfo[], totals: readonly number[]): NodeInfo {
    let best = nodes[0] as NodeInfo;
    let bestTotal = totals[0] ?? 0;
    let ties = 1;
    for (let i = 1; i < nodes.length; i++) {
      const total = totals[i] ?? 0;
      if (total > bestTotal) {
        best = nodes[i] as NodeInfo;
        bestTotal = total;
        ties = 1;
      } else if (total === bestTotal) {
        ties++;
        if (Math.floor(this.#random.next() * ties) === 0) best = nodes[i] as NodeInfo;
      }
    }
    return best;
  }
}

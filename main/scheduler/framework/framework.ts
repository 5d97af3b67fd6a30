import type { CycleState } from './cycle-state.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodChange, PostFilterResult, SchedulerPlugin } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';
import type { Status } from './status.ts';

export type Having<K extends keyof SchedulerPlugin> = SchedulerPlugin & Required<Pick<SchedulerPlugin, K>>;

function having<K extends keyof SchedulerPlugin>(plugins: readonly SchedulerPlugin[], key: K): readonly Having<K>[] {
  return plugins.filter((plugin): plugin is Having<K> => plugin[key] !== undefined);
}

export interface PreFilterOutcome {
  readonly status?: Status;
  readonly nodeNames?: ReadonlySet<string>;
  /** Plugins that narrowed the nodes, for the message of the nodes left out. */
  readonly narrowedBy: readonly string[];
}

/** Runs the plugins of each extension point in the order of the registry. */
export class Framework {
  readonly plugins: readonly SchedulerPlugin[];
  readonly #preFilters: readonly Having<'preFilter'>[];
  readonly #filters: readonly Having<'filter'>[];
  readonly #postFilters: readonly Having<'postFilter'>[];
  readonly #preScores: readonly Having<'preScore'>[];
  readonly #scores: readonly Having<'score'>[];
  readonly #reserves: readonly Having<'reserve'>[];
  readonly #permits: readonly Having<'permit'>[];
  readonly #preBinds: readonly Having<'preBind'>[];
  readonly #binds: readonly Having<'bind'>[];
  readonly #postBinds: readonly Having<'postBind'>[];

  constructor(plugins: readonly SchedulerPlugin[]) {
    this.plugins = plugins;
    this.#preFilters = having(plugins, 'preFilter');
    this.#filters = having(plugins, 'filter');
    this.#postFilters = having(plugins, 'postFilter');
    this.#preScores = having(plugins, 'preScore');
    this.#scores = having(plugins, 'score');
    this.#reserves = having(plugins, 'reserve');
    this.#permits = having(plugins, 'permit');
    this.#preBinds = having(plugins, 'preBind');
    this.#binds = having(plugins, 'bind');
    this.#postBinds = having(plugins, 'postBind');
  }

  preFilter(state: CycleState, info: PodInfo, nodes: readonly NodeInfo[]): PreFilterOutcome {
    let nodeNames: ReadonlySet<string> | undefined;
    const narrowedBy: string[] = [];
    for (const plugin of this.#preFilters) {
      const result = plugin.preFilter(state, info, nodes);
      if (result === undefined) continue;
      if (result.status?.code === 'Skip') state.skipFilter.add(plugin.name);
      else if (result.status !== undefined) return { status: { ...result.status, plugin: plugin.name }, narrowedBy };
      if (result.nodeNames === undefined) continue;
      narrowedBy.push(plugin.name);
      nodeNames = nodeNames === undefined ? result.nodeNames : nodeNames.intersection(result.nodeNames);
      if (nodeNames.size > 0) continue;
      const reason = `node(s) didn't satisfy plugin(s) [${narrowedBy.toSorted().join(' ')}] simultaneously`;
      const alone = `node(s) didn't satisfy plugin ${plugin.name}`;
      return { status: { code: 'UnschedulableAndUnresolvable', reasons: [narrowedBy.length > 1 ? reason : alone], plugin: plugin.name }, narrowedBy };
    }
    return { nodeNames, narrowedBy };
  }

  filter(state: CycleState, info: PodInfo, node: NodeInfo): Status | undefined {
    for (const plugin of this.#filters) {
      if (state.skipFilter.has(plugin.name)) continue;
      const status = plugin.filter(state, info, node);
      if (status !== undefined) return { ...status, plugin: plugin.name };
    }
    return undefined;
  }

  addPod(state: CycleState, change: PodChange): void {
    for (const plugin of this.#preFilters) if (!state.skipFilter.has(plugin.name)) plugin.addPod?.(state, change);
  }

  removePod(state: CycleState, change: PodChange): void {
    for (const plugin of this.#preFilters) if (!state.skipFilter.has(plugin.name)) plugin.removePod?.(state, change);
  }

  /** All plugins may speak; the first that makes the pod schedulable wins. */
  postFilter(state: CycleState, info: PodInfo, nodeStatuses: ReadonlyMap<string, Status>): PostFilterResult & { readonly message: string } {
    const reasons: string[] = [];
    let nominatedNodeName: string | undefined;
    for (const plugin of this.#postFilters) {
      const result = plugin.postFilter(state, info, nodeStatuses);
      if (result.status === undefined) return { ...result, message: '' };
      reasons.push(...result.status.reasons);
      nominatedNodeName ??= result.nominatedNodeName;
    }
    return { status: { code: 'Unschedulable', reasons }, nominatedNodeName, message: reasons.join(', ') };
  }

  preScore(state: CycleState, info: PodInfo, nodes: readonly NodeInfo[]): Status | undefined {
    for (const plugin of this.#preScores) {
      const status = plugin.preScore(state, info, nodes);
      if (status?.code === 'Skip') state.skipScore.add(plugin.name);
      else if (status !== undefined) return { ...status, plugin: plugin.name };
    }
    return undefined;
  }

  /** Weighted totals, one per node. */
  score(state: CycleState, info: PodInfo, nodes: readonly NodeInfo[]): number[] {
    const totals = new Array<number>(nodes.length).fill(0);
    const values = new Array<number>(nodes.length).fill(0);
    for (const plugin of this.#scores) {
      if (state.skipScore.has(plugin.name)) continue;
      for (let i = 0; i < nodes.length; i++) values[i] = plugin.score(state, info, nodes[i] as NodeInfo);
      plugin.normalizeScore?.(state, info, { nodes, values });
      const weight = plugin.weight ?? 1;
      for (let i = 0; i < nodes.length; i++) totals[i] = (totals[i] ?? 0) + (values[i] ?? 0) * weight;
    }
    return totals;
  }

  reserve(state: CycleState, info: PodInfo, nodeName: string): Status | undefined {
    for (const plugin of this.#reserves) {
      const status = plugin.reserve(state, info, nodeName);
      if (status === undefined) continue;
      this.unreserve(state, info, nodeName);
      return { ...status, plugin: plugin.name };
    }
    return undefined;
  }

  unreserve(state: CycleState, info: PodInfo, nodeName: string): void {
    for (const plugin of this.#reserves.toReversed()) plugin.unreserve?.(state, info, nodeName);
  }

  permit(state: CycleState, info: PodInfo, nodeName: string): Status | undefined {
    for (const plugin of this.#permits) {
      const status = plugin.permit(state, info, nodeName);
      if (status !== undefined && status.code !== 'Skip' && status.code !== 'Wait') return { ...status, plugin: plugin.name };
    }
    return undefined;
  }

  async bind(state: CycleState, info: PodInfo, target: { readonly nodeName: string; readonly signal: AbortSignal }): Promise<Status | undefined> {
    for (const plugin of this.#preBinds) {
      const status = await plugin.preBind(state, info, target);
      if (status !== undefined && status.code !== 'Skip') return { ...status, plugin: plugin.name };
    }
    for (const plugin of this.#binds) {
      const status: Status | undefined = await plugin.bind(state, info, target);
      if (status?.code === 'Skip') continue;
      if (status !== undefined) return { ...status, plugin: plugin.name };
      for (const after of this.#postBinds) after.postBind(state, info, target.nodeName);
      return undefined;
    }
    return { code: 'Error', reasons: ['no bind plugin took the pod'] };
  }
}

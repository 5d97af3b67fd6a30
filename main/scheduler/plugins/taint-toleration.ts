import type { Taint, Toleration } from '../../../kube/api/generated/core/v1.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import { normalizeByMax } from '../framework/normalize.ts';
import type { SchedulerPlugin } from '../framework/plugin.ts';
import { SKIP, unresolvable } from '../framework/status.ts';
import { isTolerated } from './tolerations.ts';

const NAME = 'TaintToleration';
/** Upstream's text since 1.35; which taint it was is in the log only. */
const UNTOLERATED = unresolvable('node(s) had untolerated taint(s)');

export const taintToleration: SchedulerPlugin = {
  name: NAME,
  weight: 3,
  filter(_state, { pod }, { node }) {
    const taints = node.spec?.taints;
    if (taints === undefined || taints.length === 0) return undefined;
    const hard = taints.some((taint) => taint.effect !== 'PreferNoSchedule' && !isTolerated(taint, pod.spec.tolerations));
    return hard ? UNTOLERATED : undefined;
  },
  preScore(state, { pod }, nodes) {
    if (!nodes.some(hasPreferredTaint)) return SKIP;
    state.write(NAME, (pod.spec.tolerations ?? []).filter(({ effect }) => !effect || effect === 'PreferNoSchedule'));
    return undefined;
  },
  score(state, _info, { node }) {
    const tolerations = state.read<Toleration[]>(NAME);
    return preferredTaints(node.spec?.taints).filter((taint) => !isTolerated(taint, tolerations)).length;
  },
  normalizeScore: (_state, _info, { values }) => normalizeByMax(values, { reverse: true }),
  mayHelp: (_pod, { resource, action }) => resource === 'Node' && action !== 'Delete',
};

function preferredTaints(taints: readonly Taint[] | undefined): readonly Taint[] {
  return (taints ?? []).filter(({ effect }) => effect === 'PreferNoSchedule');
}

function hasPreferredTaint({ node }: NodeInfo): boolean {
  return node.spec?.taints?.some(({ effect }) => effect === 'PreferNoSchedule') ?? false;
}

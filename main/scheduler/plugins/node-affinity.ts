import type { Node, Pod } from '../../../kube/api/generated/core/v1.ts';
import { type NodeMatcher, nodeSelectorMatcher, termMatcher } from '../framework/node-selector.ts';
import { normalizeByMax } from '../framework/normalize.ts';
import type { SchedulerPlugin } from '../framework/plugin.ts';
import { SKIP, unresolvable } from '../framework/status.ts';

const NAME = 'NodeAffinity';
const MISMATCH = unresolvable("node(s) didn't match Pod's node affinity/selector");
const PREFERRED = 'NodeAffinity/preferred';

/** spec.nodeSelector and the required node affinity; undefined when the pod has neither. */
export function requiredNodeAffinity({ spec }: Pod): NodeMatcher | undefined {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const labels = Object.entries(spec.nodeSelector ?? {});
  if (required === undefined && labels.length === 0) return undefined;
  const affine = required === undefined ? undefined : nodeSelectorMatcher(required);
  return (node) => labels.every(([key, value]) => node.metadata.labels?.[key] === value) && (affine === undefined || affine(node));
}

/** The names that every term pins by `metadata.name In […]`, as a DaemonSet's pods do: then no other node needs a look. */
export function pinnedNodeNames({ spec }: Pod): ReadonlySet<string> | undefined {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms === undefined || terms.length === 0) return undefined;
  const names = new Set<string>();
  for (const { matchFields = [] } of terms) {
    const pin = matchFields.find(({ key, operator }) => key === 'metadata.name' && operator === 'In');
    if (pin === undefined) return undefined;
    for (const name of pin.values ?? []) names.add(name);
  }
  return names;
}

export const nodeAffinity: SchedulerPlugin = {
  name: NAME,
  weight: 2,
  preFilter(state, { pod }) {
    const matches = requiredNodeAffinity(pod);
    if (matches === undefined) return { status: SKIP };
    state.write(NAME, matches);
    const nodeNames = pinnedNodeNames(pod);
    return nodeNames === undefined ? undefined : { nodeNames };
  },
  filter: (state, _info, { node }) => (state.read<NodeMatcher>(NAME)?.(node) === false ? MISMATCH : undefined),
  preScore(state, { pod }) {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (preferred.length === 0) return SKIP;
    state.write(PREFERRED, preferred.map(({ weight, preference }) => ({ weight, matches: termMatcher(preference) })));
    return undefined;
  },
  score(state, _info, { node }) {
    const terms = state.read<{ weight: number; matches: NodeMatcher }[]>(PREFERRED) ?? [];
    return terms.reduce((sum, { weight, matches }) => (matches(node) ? sum + weight : sum), 0);
  },
  normalizeScore: (_state, _info, { values }) => normalizeByMax(values, { reverse: false }),
  mayHelp: (pod, { resource, action, object }) => resource === 'Node' && action !== 'Delete' && requiredNodeAffinity(pod)?.(object as Node) !== false,
};

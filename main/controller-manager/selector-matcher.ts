import { type LabelSelectorSpec, matchesLabels, requirementsOf } from '../../kube/apimachinery/label-selector.ts';
import type { ObjectMeta } from '../../kube/apimachinery/object-meta.ts';

/** Compiles a selector once, for many objects. An absent selector matches nothing, an empty one everything. */
export function selectorMatcher(selector: LabelSelectorSpec | undefined): (object: { readonly metadata: ObjectMeta }) => boolean {
  const requirements = requirementsOf(selector);
  if (requirements === undefined) return () => false;
  return ({ metadata }) => matchesLabels(requirements, metadata.labels ?? {});
}

import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { isValidLabelValue } from '../../../../../kube/apimachinery/name-validation.ts';
import type { FieldPath } from '../../validation/field-path.ts';
import type { LabelSelectorLike } from '../../validation/label-selector.ts';

const DEPRECATED: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};

export function nodeLabelWarning(key: string): string | undefined {
  return Object.hasOwn(DEPRECATED, key) ? DEPRECATED[key] : undefined;
}

export function nodeSelectorTermWarnings(
  term: core.NodeSelectorTerm | undefined,
  path: FieldPath,
  { checkValues }: { readonly checkValues: boolean },
): string[] {
  return (term?.matchExpressions ?? []).flatMap(({ key, values = [] }, index) => {
    const expressionPath = path.child('matchExpressions').index(index);
    const message = nodeLabelWarning(key);
    const warnings = message === undefined ? [] : [`${expressionPath.child('key')}: ${key} is ${message}`];
    if (!checkValues) return warnings;
    for (const [valueIndex, value] of values.entries()) {
      const valuePath = expressionPath.child('values').index(valueIndex);
      warnings.push(...isValidLabelValue(value).map((text) => `${valuePath}: ${value} is invalid, ${text}`));
    }
    return warnings;
  });
}

/** Of a label selector over nodes (CSIStorageCapacity, DRA). */
export function nodeSelectorWarnings(selector: LabelSelectorLike | undefined, path: FieldPath): string[] {
  const ofExpressions = nodeSelectorTermWarnings(selector as core.NodeSelectorTerm | undefined, path, { checkValues: false });
  const ofLabels = Object.keys(selector?.matchLabels ?? {}).flatMap((key) => {
    const message = nodeLabelWarning(key);
    return message === undefined ? [] : [`${path.child('matchLabels').child(key)}: ${message}`];
  });
  return [...ofExpressions, ...ofLabels];
}

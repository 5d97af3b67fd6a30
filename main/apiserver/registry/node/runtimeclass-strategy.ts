import type * as node from '../../../../kube/api/generated/node/v1.ts';
import { isDns1123Label } from '../../../../kube/apimachinery/name-validation.ts';
import { nodeLabelWarning } from '../core/pod/node-label-warnings.ts';
import { checkContainerResources } from '../core/pod/validation/resources.ts';
import { checkTolerations } from '../core/pod/validation/scheduling.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import { ROOT_PATH } from '../validation/field-path.ts';
import { internalValue } from '../validation/internal-shape.ts';
import { checkImmutable, checkLabels, sortedKeys } from '../validation/values.ts';

export const runtimeClassStrategy = buildStrategy<node.RuntimeClass>({
  namespaced: false,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  check({ handler = '', overhead, scheduling }, errors) {
    if (handler === '') errors.required(ROOT_PATH.child('handler'));
    else errors.invalidEach(ROOT_PATH.child('handler'), handler, isDns1123Label(handler));
    if (overhead !== undefined) {
      checkContainerResources({ limits: overhead.podFixed ?? {} }, ROOT_PATH.child('overhead'), errors, { claimNames: new Set(), allowIndivisibleHugePages: false });
    }
    if (scheduling === undefined) return;
    const path = ROOT_PATH.child('scheduling');
    checkLabels(scheduling.nodeSelector, path.child('nodeSelector'), errors);
    checkTolerations(scheduling.tolerations, path.child('tolerations'), errors);
    const seen = new Set<string>();
    for (const [index, toleration] of (scheduling.tolerations ?? []).entries()) {
      const key = JSON.stringify([toleration.key, toleration.operator, toleration.value, toleration.effect]);
      if (seen.has(key)) errors.duplicate(path.child('tolerations').index(index), internalValue('Toleration', toleration));
      seen.add(key);
    }
  },
  checkUpdate: (next, previous, errors) => checkImmutable(next.handler, previous.handler, ROOT_PATH.child('handler'), errors),
  recheckOnUpdate: 'first',
  warnings: ({ scheduling }) =>
    sortedKeys(scheduling?.nodeSelector).flatMap((key) => {
      const message = nodeLabelWarning(key);
      return message === undefined ? [] : [`scheduling.nodeSelector: ${message}`];
    }),
});

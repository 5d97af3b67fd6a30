import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { buildStrategy } from '../../validation/build-strategy.ts';
import { ROOT_PATH } from '../../validation/field-path.ts';
import { setPodTemplateDefaults } from '../pod/defaults.ts';
import { withoutDisabledTemplateFields } from '../pod/disabled-fields.ts';
import { checkPodTemplateSpec } from '../pod/validation/pod.ts';
import { podTemplateWarnings } from '../pod/warnings.ts';

export const podTemplateStrategy = buildStrategy<core.PodTemplate>({
  namespaced: true,
  generation: true,
  dropDisabled: withoutDisabledTemplateFields,
  defaults: ({ template }) => setPodTemplateDefaults(template),
  check: ({ template }, errors) => checkPodTemplateSpec(template ?? {}, ROOT_PATH.child('template'), errors),
  warnings: ({ template }) => podTemplateWarnings(template, ROOT_PATH.child('template')),
});

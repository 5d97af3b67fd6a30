import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { isDns1123Label } from '../../../../../kube/apimachinery/name-validation.ts';
import { buildStrategy } from '../../validation/build-strategy.ts';
import type { FieldErrors } from '../../validation/field-errors.ts';
import { SPEC_PATH, STATUS_PATH } from '../../validation/field-path.ts';
import { labelsAsGiven, selectorMatches } from '../../validation/label-selector.ts';
import { checkNonNegative, sizeOf } from '../../validation/values.ts';
import { setPodTemplateDefaults } from '../pod/defaults.ts';
import { withoutDisabledTemplateFields } from '../pod/disabled-fields.ts';
import { checkPodTemplateSpec } from '../pod/validation/pod.ts';
import { podTemplateWarnings } from '../pod/warnings.ts';

type Controller = core.ReplicationController;
const TEMPLATE = SPEC_PATH.child('template');

export const replicationControllerStrategy = buildStrategy<Controller>({
  namespaced: true,
  orphansByDefault: true,
  generation: true,
  dropDisabled: (obj, previous) => ({ ...obj, spec: withoutDisabledTemplateFields(obj.spec, previous?.spec) }),
  defaults(controller) {
    const { spec } = controller;
    if (spec === undefined) return;
    const labels = spec.template?.metadata?.labels;
    if (labels !== undefined) {
      if (sizeOf(spec.selector) === 0) spec.selector = { ...labels };
      if (sizeOf(controller.metadata.labels) === 0) controller.metadata.labels = { ...labels };
    }
    spec.replicas ??= 1;
    setPodTemplateDefaults(spec.template);
  },
  prepareForCreate: (controller) => ({ ...controller, status: { replicas: 0 } }),
  check,
  status: { check: (next, _previous, errors) => checkReplicaStatus(next.status, errors, { fullyLabeled: true }) },
  scale: {
    replicas: ({ spec, status }) => ({
      spec: spec.replicas ?? 0,
      status: status?.replicas ?? 0,
      selector: Object.entries(spec.selector ?? {}).sort().map(([key, value]) => `${key}=${value}`).join(','),
    }),
    withReplicas: (controller, replicas) => ({ ...controller, spec: { ...controller.spec, replicas } }),
  },
  selectableFields: ({ status }) => ({ 'status.replicas': String(status?.replicas ?? 0) }),
  warnings(controller, previous) {
    const messages = previous === undefined ? isDns1123Label(controller.metadata.name) : [];
    const text = 'this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended';
    const ofName = messages.length === 0 ? [] : [`metadata.name: ${text}: [${messages.join(' ')}]`];
    return [...ofName, ...podTemplateWarnings(controller.spec?.template, TEMPLATE)];
  },
});

function check({ spec }: Controller, errors: FieldErrors): void {
  checkNonNegative(spec.minReadySeconds, SPEC_PATH.child('minReadySeconds'), errors);
  if (sizeOf(spec.selector) === 0) errors.required(SPEC_PATH.child('selector'));
  if (spec.replicas === undefined) errors.required(SPEC_PATH.child('replicas'));
  else checkNonNegative(spec.replicas, SPEC_PATH.child('replicas'), errors);
  const { template } = spec;
  if (template === undefined) {
    errors.required(TEMPLATE);
    return;
  }
  const labels = template.metadata?.labels;
  if (sizeOf(spec.selector) > 0 && !selectorMatches({ matchLabels: spec.selector ?? {} }, labels)) {
    errors.invalid(TEMPLATE.child('metadata').child('labels'), labelsAsGiven(template.metadata), '`selector` does not match template `labels`');
  }
  checkPodTemplateSpec(template, TEMPLATE, errors);
  const policy = template.spec?.restartPolicy;
  if (policy !== 'Always') errors.notSupported(TEMPLATE.child('spec').child('restartPolicy'), policy, ['Always']);
  if (template.spec?.activeDeadlineSeconds !== undefined) {
    errors.forbidden(TEMPLATE.child('spec').child('activeDeadlineSeconds'), 'activeDeadlineSeconds in ReplicationController is not Supported');
  }
}

interface ReplicaStatus {
  readonly replicas?: number;
  readonly fullyLabeledReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly observedGeneration?: number;
}

/** Counts of ReplicationControllers and ReplicaSets, which share their rules. */
export function checkReplicaStatus(status: ReplicaStatus = {}, errors: FieldErrors, { fullyLabeled }: { readonly fullyLabeled: boolean }): void {
  const fields = ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration', 'terminatingReplicas'] as const;
  for (const field of fields) checkNonNegative(status[field], STATUS_PATH.child(field), errors);
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  const limited = fullyLabeled ? (['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const) : (['readyReplicas', 'availableReplicas'] as const);
  for (const field of limited) {
    const value = status[field] ?? 0;
    if (value > replicas) errors.invalid(STATUS_PATH.child(field), value, 'cannot be greater than status.replicas');
  }
  if (availableReplicas > readyReplicas) errors.invalid(STATUS_PATH.child('availableReplicas'), availableReplicas, 'cannot be greater than readyReplicas');
}

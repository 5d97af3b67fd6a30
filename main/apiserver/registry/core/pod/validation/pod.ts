import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import { FieldErrors } from '../../../validation/field-errors.ts';
import { METADATA_PATH, SPEC_PATH, type FieldPath } from '../../../validation/field-path.ts';
import { checkAnnotations, checkLabels, isEmpty } from '../../../validation/values.ts';
import { checkAnnotationsMatchFields, checkPodAnnotations } from './annotations.ts';
import { checkImageSpaces } from './containers.ts';
import { STRICT_POD, STRICT_TEMPLATE, type PodValidationOptions } from './options.ts';
import { checkPodSpec } from './pod-spec.ts';

/** Everything but object metadata, which the registry has checked. */
export function validatePodCreate(pod: core.Pod): FieldErrors {
  const errors = new FieldErrors();
  checkPod(pod, errors, STRICT_POD);
  if (!isEmpty(pod.spec.ephemeralContainers)) errors.forbidden(SPEC_PATH.child('ephemeralContainers'), 'cannot be set on create');
  if (pod.spec.nodeName && !isEmpty(pod.spec.schedulingGates)) {
    errors.forbidden(SPEC_PATH.child('nodeName'), 'cannot be set until all schedulingGates have been cleared');
  }
  checkAnnotationsMatchFields(pod.metadata.annotations, pod.spec, SPEC_PATH, errors);
  return errors;
}

export function checkPod(pod: core.Pod, errors: FieldErrors, options: PodValidationOptions): void {
  const { spec, metadata } = pod;
  checkPodAnnotations(metadata.annotations, spec, METADATA_PATH.child('annotations'), errors, options);
  checkPodSpec(spec, SPEC_PATH, errors, { podMeta: metadata, options });
  if (isEmpty(spec.serviceAccountName)) checkNoTokens(spec, errors);
  for (const field of ['containers', 'initContainers'] as const) {
    for (const [index, container] of (spec[field] ?? []).entries()) {
      checkImageSpaces(container, SPEC_PATH.child(field).index(index), errors);
    }
  }
}

function checkNoTokens(spec: core.PodSpec, errors: FieldErrors): void {
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    for (const [sourceIndex, source] of (volume.projected?.sources ?? []).entries()) {
      if (source.serviceAccountToken === undefined) continue;
      const path = SPEC_PATH.child('volumes').index(index).child('projected').child('sources').index(sourceIndex).child('serviceAccountToken');
      errors.forbidden(path, 'must not be specified when serviceAccountName is not set');
    }
  }
}

/** The pod template of a workload. */
export function checkPodTemplateSpec(template: core.PodTemplateSpec, path: FieldPath, errors: FieldErrors, options = STRICT_TEMPLATE): void {
  const { metadata, spec = { containers: [] } } = template;
  checkLabels(metadata?.labels, path.child('labels'), errors);
  checkAnnotations(metadata?.annotations, path.child('annotations'), errors);
  checkPodAnnotations(metadata?.annotations, spec, path.child('annotations'), errors, options);
  checkPodSpec(spec, path.child('spec'), errors, { podMeta: undefined, options });
  checkAnnotationsMatchFields(metadata?.annotations, spec, path.child('spec'), errors);
  if (!isEmpty(spec.ephemeralContainers)) {
    errors.forbidden(path.child('spec').child('ephemeralContainers'), 'ephemeral containers not allowed in pod template');
  }
}

import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import { FieldErrors } from '../../../validation/field-errors.ts';
import { ROOT_PATH, SPEC_PATH, type FieldPath } from '../../../validation/field-path.ts';
import { semanticEqual } from '../../../validation/semantic-equal.ts';
import { sizeOf } from '../../../validation/values.ts';
import { computeQosClass } from '../pod-resources.ts';
import { MIRROR_POD } from './annotations.ts';
import { checkPod } from './pod.ts';
import { updateOptions } from './update.ts';

type Resources = core.ResourceRequirements | undefined;
type List = Record<string, string> | undefined;

/** In-place resize (KEP-1287, KEP-5419): only cpu and memory of containers, init containers and the pod as a whole. */
export function validatePodResize(next: core.Pod, previous: core.Pod): FieldErrors {
  const errors = new FieldErrors();
  checkPod(next, errors, updateOptions(previous));
  if (previous.metadata.annotations?.[MIRROR_POD] !== undefined) return refused('static pods cannot be resized');
  if (previous.spec.os?.name === 'windows') return refused('windows pods cannot be resized');
  if ((previous.status?.qosClass ?? computeQosClass(previous.spec)) !== computeQosClass(next.spec)) {
    errors.invalid(SPEC_PATH, next.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing');
  }
  if (!nodeSupportsResize(previous)) errors.forbidden(SPEC_PATH, 'Pod running on node without support for resize');
  checkPodLevel(next.spec, previous.spec, errors);
  if (sizeOf(previous.status?.nodeAllocatableResourceClaimStatuses) > 0) errors.forbidden(SPEC_PATH, 'pods with node allocatable resource claims cannot be resized');
  if (!checkOrder(next.spec, previous.spec, errors)) return errors;
  checkContainers(next.spec, previous.spec, errors);
  return errors;
}

function refused(detail: string): FieldErrors {
  const errors = new FieldErrors();
  errors.forbidden(ROOT_PATH, detail);
  return errors;
}

function nodeSupportsResize(pod: core.Pod): boolean {
  const running = pod.status?.containerStatuses?.find((status) => status.state?.running !== undefined);
  return running === undefined || running.resources !== undefined;
}

function checkOrder(next: core.PodSpec, previous: core.PodSpec, errors: FieldErrors): boolean {
  const before = errors.count;
  for (const field of ['containers', 'initContainers'] as const) {
    const after = next[field] ?? [];
    const old = previous[field] ?? [];
    if (after.length !== old.length) {
      errors.forbidden(SPEC_PATH.child(field), `${field} may not be added or removed on resize`);
      continue;
    }
    for (const [index, { name }] of old.entries()) {
      if (after[index]?.name === name) continue;
      errors.forbidden(SPEC_PATH.child(field).index(index).child('name'), `${field} may not be renamed or reordered on resize`);
    }
  }
  return errors.count === before;
}

function checkPodLevel({ resources }: core.PodSpec, { resources: old }: core.PodSpec, errors: FieldErrors): void {
  if (sizeOf(resources?.requests) + sizeOf(resources?.limits) + sizeOf(old?.requests) + sizeOf(old?.limits) === 0) return;
  const path = SPEC_PATH.child('resources');
  if (old !== undefined && resources === undefined) {
    errors.forbidden(path, 'pod-level resources cannot be removed');
    return;
  }
  if (isRemoved(resources?.requests, old?.requests)) errors.forbidden(path.child('requests'), 'pod-level resource requests cannot be removed');
  if (isRemoved(resources?.limits, old?.limits)) errors.forbidden(path.child('limits'), 'pod-level resource limits cannot be removed');
  if (!semanticEqual(withCpuAndMemoryOf(resources, old), withCpuAndMemoryOf(old, old))) errors.forbidden(SPEC_PATH, 'only cpu and memory resources are mutable at pod-level');
}

function checkContainers(next: core.PodSpec, previous: core.PodSpec, errors: FieldErrors): void {
  for (const field of ['initContainers', 'containers'] as const) {
    for (const [index, old] of (previous[field] ?? []).entries()) checkRemoved(next[field]?.[index]?.resources, old.resources, SPEC_PATH.child(field).index(index).child('resources'), errors);
  }
  for (const [index, old] of previous.containers.entries()) {
    const container = next.containers[index];
    if (container !== undefined && !isSameButCpuAndMemory(container, old)) errors.forbidden(SPEC_PATH, 'only cpu and memory resources are mutable');
  }
  for (const [index, old] of (previous.initContainers ?? []).entries()) {
    const container = next.initContainers?.[index];
    if (container === undefined) continue;
    const path = SPEC_PATH.child('initContainers').index(index);
    if (!isSameButCpuAndMemory(container, old)) errors.forbidden(path, 'only cpu and memory resources for init or sidecar containers are mutable');
    if (container.restartPolicy === 'Always' || semanticEqual(container, old)) continue;
    for (const { restartPolicy } of container.resizePolicy ?? []) {
      if (restartPolicy === 'RestartContainer') errors.forbidden(path, 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized');
    }
  }
}

function checkRemoved(next: Resources, previous: Resources, path: FieldPath, errors: FieldErrors): void {
  if (isRemoved(next?.requests, previous?.requests)) errors.forbidden(path.child('requests'), 'resource requests cannot be removed');
  if (isRemoved(next?.limits, previous?.limits)) errors.forbidden(path.child('limits'), 'resource limits cannot be removed');
}
function isRemoved(next: List, previous: List): boolean {
  return sizeOf(previous) > sizeOf(next) || Object.keys(previous ?? {}).some((name) => next?.[name] === undefined);
}

function isSameButCpuAndMemory(container: core.Container, old: core.Container): boolean {
  return semanticEqual({ ...container, resources: withCpuAndMemoryOf(container.resources, old.resources) }, { ...old, resources: withCpuAndMemoryOf(old.resources, old.resources) });
}

/** What is left of resources when cpu and memory count as what they were. */
function withCpuAndMemoryOf(resources: Resources, old: Resources): { readonly limits: List; readonly requests: List } {
  const merge = (list: List, before: List): List => {
    const { cpu: _cpu, memory: _memory, ...merged } = list ?? {};
    for (const name of ['cpu', 'memory']) if (before?.[name] !== undefined) merged[name] = before[name];
    return Object.keys(merged).length === 0 ? undefined : merged;
  };
  return { limits: merge(resources?.limits, old?.limits), requests: merge(resources?.requests, old?.requests) };
}

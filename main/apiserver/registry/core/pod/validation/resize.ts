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

/** In-place resize (KEP-1287): only cpu and memory of containers and sidecars. */
export function validatePodResize(next: core.Pod, previous: core.Pod): FieldErrors {
  const errors = new FieldErrors();
  checkPod(next, errors, updateOptions(previous));
  if (previous.metadata.annotations?.[MIRROR_POD] !== undefined) return refused('static pods cannot be resized');
  if (previous.spec.os?.name === 'windows') return refused('windows pods cannot be resized');
  if ((previous.status?.qosClass ?? computeQosClass(previous.spec)) !== computeQosClass(next.spec)) {
    errors.invalid(SPEC_PATH, next.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing');
  }
  if (!nodeSupportsResize(previous)) errors.forbidden(SPEC_PATH, 'Pod running on node without support for resize');
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

function checkContainers(next: core.PodSpec, previous: core.PodSpec, errors: FieldErrors): void {
  for (const [index, old] of (previous.initContainers ?? []).entries()) {
    if (old.restartPolicy !== 'Always') continue;
    checkRemoved(next.initContainers?.[index]?.resources, old.resources, SPEC_PATH.child('initContainers').index(index).child('resources'), errors);
  }
  for (const [index, old] of previous.containers.entries()) {
    checkRemoved(next.containers[index]?.resources, old.resources, SPEC_PATH.child('containers').index(index).child('resources'), errors);
  }
  for (const [index, container] of next.containers.entries()) {
    const old = previous.containers[index];
    if (old === undefined || semanticEqual(withOldCpuAndMemory(container, old), old)) continue;
    errors.forbidden(SPEC_PATH, 'only cpu and memory resources are mutable');
  }
  for (const [index, container] of (next.initContainers ?? []).entries()) {
    const old = previous.initContainers?.[index];
    if (old === undefined) continue;
    const sidecar = container.restartPolicy === 'Always';
    if (semanticEqual(sidecar ? withOldCpuAndMemory(container, old) : container, old)) continue;
    errors.forbidden(
      SPEC_PATH,
      sidecar ? 'only cpu and memory resources for sidecar containers are mutable' : 'resources for non-sidecar init containers are immutable',
    );
  }
}

function checkRemoved(next: Resources, previous: Resources, path: FieldPath, errors: FieldErrors): void {
  if (isRemoved(next?.requests, previous?.requests)) errors.forbidden(path.child('requests'), 'resource requests cannot be removed');
  if (isRemoved(next?.limits, previous?.limits)) errors.forbidden(path.child('limits'), 'resource limits cannot be removed');
}
function isRemoved(next: List, previous: List): boolean {
  return sizeOf(previous) > sizeOf(next) || Object.keys(previous ?? {}).some((name) => next?.[name] === undefined);
}

function withOldCpuAndMemory(container: core.Container, old: core.Container): core.Container {
  const merge = (list: List, before: List): List => {
    const { cpu: _cpu, memory: _memory, ...others } = list ?? {};
    const merged: Record<string, string> = { ...others };
    if (before?.['cpu'] !== undefined) merged['cpu'] = before['cpu'];
    if (before?.['memory'] !== undefined) merged['memory'] = before['memory'];
    return Object.keys(merged).length === 0 ? undefined : merged;
  };
  const resources = {
    limits: merge(container.resources?.limits, old.resources?.limits),
    requests: merge(container.resources?.requests, old.resources?.requests),
  };
  return { ...container, resources };
}

import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import type { FieldPath } from '../../../validation/field-path.ts';
import { checkLocalDescendingPath, hasBacksteps, isEmpty } from '../../../validation/values.ts';
import type { VolumesByName } from './volumes.ts';

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];
const RECURSIVE_READ_ONLY = ['Disabled', 'Enabled', 'IfPossible'];

/** Upstream reports some problems of a mount at the list: `volumeMounts.subPath` without an index. */
export function checkVolumeMounts(container: core.Container, path: FieldPath, errors: FieldErrors, volumes: VolumesByName): void {
  if (container.volumeMounts === undefined) return;
  const seen = new Set<string>();
  const devices = new Map((container.volumeDevices ?? []).map((device) => [device.name ?? '', device.devicePath ?? '']));
  for (const [index, mount] of container.volumeMounts.entries()) {
    const mountPath = path.index(index);
    const name = mount.name ?? '';
    const target = mount.mountPath ?? '';
    if (name === '') errors.required(mountPath.child('name'));
    if (!volumes.has(name)) errors.notFound(mountPath.child('name'), name);
    if (target === '') errors.required(mountPath.child('mountPath'));
    if (seen.has(target)) errors.invalid(mountPath.child('mountPath'), target, 'must be unique');
    seen.add(target);
    if (devices.has(name)) errors.invalid(mountPath.child('name'), name, 'must not already exist in volumeDevices');
    if ([...devices.values()].includes(target)) {
      errors.invalid(mountPath.child('mountPath'), target, 'must not already exist as a path in volumeDevices');
    }
    checkMountOptions(mount, { list: path, mount: mountPath }, errors, container);
  }
}

function checkMountOptions(
  mount: core.VolumeMount,
  paths: { readonly list: FieldPath; readonly mount: FieldPath },
  errors: FieldErrors,
  container: core.Container,
): void {
  if (!isEmpty(mount.subPath)) checkLocalDescendingPath(mount.subPath as string, paths.list.child('subPath'), errors);
  if (!isEmpty(mount.subPathExpr)) {
    const expression = mount.subPathExpr as string;
    if (!isEmpty(mount.subPath)) errors.invalid(paths.mount.child('subPathExpr'), expression, 'subPathExpr and subPath are mutually exclusive');
    checkLocalDescendingPath(expression, paths.list.child('subPathExpr'), errors);
  }
  const { mountPropagation, recursiveReadOnly } = mount;
  if (mountPropagation !== undefined) {
    const path = paths.list.child('mountPropagation');
    if (!PROPAGATIONS.includes(mountPropagation)) errors.notSupported(path, mountPropagation, PROPAGATIONS);
    if (mountPropagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
      errors.forbidden(path, 'Bidirectional mount propagation is available only to privileged containers');
    }
  }
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return;
  const path = paths.list.child('recursiveReadOnly');
  if (!RECURSIVE_READ_ONLY.includes(recursiveReadOnly)) errors.notSupported(path, recursiveReadOnly, RECURSIVE_READ_ONLY);
  else {
    if (!mount.readOnly) errors.forbidden(path, 'may only be specified when readOnly is true');
    if (mountPropagation !== undefined && mountPropagation !== 'None') {
      errors.forbidden(path, 'may only be specified when mountPropagation is None or not specified');
    }
  }
}

export function checkVolumeDevices(container: core.Container, path: FieldPath, errors: FieldErrors, volumes: VolumesByName): void {
  if (container.volumeDevices === undefined) return;
  const names = new Set<string>();
  const paths = new Set<string>();
  const mounted = new Map((container.volumeMounts ?? []).map((mount) => [mount.name ?? '', mount.mountPath ?? '']));
  for (const [index, device] of container.volumeDevices.entries()) {
    const name = device.name ?? '';
    const target = device.devicePath ?? '';
    const namePath = path.index(index).child('name');
    const targetPath = path.index(index).child('devicePath');
    const volume = volumes.get(name);
    if (name === '') errors.required(namePath);
    if (names.has(name)) errors.invalid(namePath, name, 'must be unique');
    if (volume === undefined) errors.notFound(namePath, name);
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      errors.invalid(namePath, name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode');
    }
    if (target === '') errors.required(targetPath);
    if (paths.has(target)) errors.invalid(targetPath, target, 'must be unique');
    if (hasBacksteps(target)) errors.invalid(targetPath, target, "can not contain backsteps ('..')");
    else paths.add(target);
    if (mounted.has(name)) errors.invalid(namePath, name, 'must not already exist in volumeMounts');
    if ([...mounted.values()].includes(target)) errors.invalid(targetPath, target, 'must not already exist as a path in volumeMounts');
    if (name !== '') names.add(name);
  }
}

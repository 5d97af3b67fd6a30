import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import { isDns1123Subdomain, isRelaxedEnvVarName } from '../../../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import type { FieldPath } from '../../../validation/field-path.ts';
import { checkConfigMapKey, checkDnsLabel, checkNoBacksteps, isEmpty, nameIsDnsSubdomain } from '../../../validation/values.ts';
import { checkFieldSelector, checkResourceFieldSelector, ENV_FIELDS } from './downward-api.ts';

export function checkEnv(env: readonly core.EnvVar[] | undefined, path: FieldPath, errors: FieldErrors): void {
  if (env === undefined) return;
  for (const [index, variable] of env.entries()) {
    const variablePath = path.index(index);
    if (isEmpty(variable.name)) errors.required(variablePath.child('name'));
    else errors.invalidEach(variablePath.child('name'), variable.name, isRelaxedEnvVarName(variable.name));
    if (variable.valueFrom !== undefined) checkValueFrom(variable, variable.valueFrom, variablePath.child('valueFrom'), errors);
  }
}

function checkValueFrom(variable: core.EnvVar, source: core.EnvVarSource, path: FieldPath, errors: FieldErrors): void {
  let count = 0;
  if (source.fieldRef !== undefined) {
    count++;
    checkFieldSelector(source.fieldRef, ENV_FIELDS, path.child('fieldRef'), errors);
  }
  if (source.resourceFieldRef !== undefined) {
    count++;
    checkResourceFieldSelector(source.resourceFieldRef, path.child('resourceFieldRef'), errors, { inVolume: false });
  }
  for (const field of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const reference = source[field];
    if (reference === undefined) continue;
    count++;
    checkKeySelector(reference, path.child(field), errors);
  }
  if (source.fileKeyRef !== undefined) {
    count++;
    checkFileKeySelector(source.fileKeyRef, path.child('fileKeyRef'), errors);
  }
  if (count === 0) {
    errors.invalid(path, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`');
  } else if (!isEmpty(variable.value)) {
    errors.invalid(path, '', 'may not be specified when `value` is not empty');
  } else if (count > 1) {
    errors.invalid(path, '', 'may not have more than one field specified at a time');
  }
}

function checkKeySelector(selector: core.SecretKeySelector, path: FieldPath, errors: FieldErrors): void {
  errors.invalidEach(path.child('name'), selector.name ?? '', isDns1123Subdomain(selector.name ?? ''));
  if (isEmpty(selector.key)) errors.required(path.child('key'));
  else checkConfigMapKey(selector.key, path.child('key'), errors);
}

function checkFileKeySelector(selector: core.FileKeySelector, path: FieldPath, errors: FieldErrors): void {
  if (isEmpty(selector.key)) errors.required(path.child('key'));
  else errors.invalidEach(path.child('key'), selector.key, isRelaxedEnvVarName(selector.key));
  if (isEmpty(selector.volumeName)) errors.required(path.child('volumeName'));
  else checkDnsLabel(selector.volumeName, path.child('volumeName'), errors);
  if (isEmpty(selector.path)) errors.required(path.child('path'));
  else checkNoBacksteps(selector.path, path.child('path'), errors);
}

export function checkEnvFrom(sources: readonly core.EnvFromSource[] | undefined, path: FieldPath, errors: FieldErrors): void {
  if (sources === undefined) return;
  for (const [index, source] of sources.entries()) {
    const sourcePath = path.index(index);
    if (!isEmpty(source.prefix)) errors.invalidEach(sourcePath.child('prefix'), source.prefix, isRelaxedEnvVarName(source.prefix as string));
    let count = 0;
    for (const field of ['configMapRef', 'secretRef'] as const) {
      const reference = source[field];
      if (reference === undefined) continue;
      count++;
      const namePath = sourcePath.child(field).child('name');
      if (isEmpty(reference.name)) errors.required(namePath);
      else errors.invalidEach(namePath, reference.name, nameIsDnsSubdomain(reference.name as string, true));
    }
    if (count === 0) errors.invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`');
    else if (count > 1) errors.invalid(path, '', 'may not have more than one field specified at a time');
  }
}

/** Variables read from a file need an emptyDir of this pod. */
export function checkFileKeyRefVolumes(spec: core.PodSpec, path: FieldPath, errors: FieldErrors): void {
  for (const { container, path: containerPath } of containersWithPath(spec, path)) {
    for (const [index, variable] of (container.env ?? []).entries()) {
      const volumeName = variable.valueFrom?.fileKeyRef?.volumeName;
      if (variable.valueFrom?.fileKeyRef === undefined) continue;
      const namePath = containerPath.child('env').index(index).child('valueFrom').child('fileKeyRef').child('volumeName');
      const volume = spec.volumes?.findLast(({ name }) => name === volumeName);
      if (volume === undefined) errors.notFound(namePath, volumeName ?? '');
      else if (volume.emptyDir === undefined) errors.invalid(namePath, volumeName, 'referenced volume must be of type emptyDir');
    }
  }
}

/** Init containers, containers, ephemeral containers: upstream's order of visiting. */
export function* containersWithPath(
  spec: core.PodSpec,
  path: FieldPath,
): Generator<{ readonly container: core.Container; readonly path: FieldPath }> {
  for (const field of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    const containers: readonly core.Container[] = spec[field] ?? [];
    for (const [index, container] of containers.entries()) yield { container, path: path.child(field).index(index) };
  }
}

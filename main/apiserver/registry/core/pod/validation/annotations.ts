import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import { goQuote } from '../../../../../../kube/apimachinery/go-format.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import type { FieldPath } from '../../../validation/field-path.ts';
import { checkLocalDescendingPath } from '../../../validation/values.ts';
import { containersWithPath } from './environment.ts';
import type { PodValidationOptions } from './options.ts';
import { SPEC_PATH } from '../../../validation/field-path.ts';

type Annotations = Readonly<Record<string, string>>;
export const MIRROR_POD = 'kubernetes.io/config.mirror';
export const APP_ARMOR_PREFIX = 'container.apparmor.security.beta.kubernetes.io/';
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_CONTAINER_PREFIX = 'container.seccomp.security.alpha.kubernetes.io/';
const APP_ARMOR_LOCALHOST = 'localhost/';
const APP_ARMOR_RUNTIME_DEFAULT = 'runtime/default';
const UNCONFINED = 'unconfined';
const SECCOMP_DEFAULTS = ['runtime/default', 'docker/default'];

export function checkPodAnnotations(
  annotations: Annotations | undefined,
  spec: core.PodSpec,
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  if (annotations === undefined) return;
  const mirror = annotations[MIRROR_POD];
  if (mirror !== undefined && !spec.nodeName) {
    errors.invalid(path.key(MIRROR_POD), mirror, 'must set spec.nodeName if mirror pod annotation is set');
  }
  const cost = annotations[DELETION_COST];
  if (cost !== undefined && !options.allowInvalidDeletionCost && !isDeletionCost(cost)) {
    errors.invalid(path.key(DELETION_COST), cost, 'must be a 32bit integer');
  }
  for (const [key, value] of Object.entries(annotations)) {
    if (key === SECCOMP_POD || key.startsWith(SECCOMP_CONTAINER_PREFIX)) checkSeccompAnnotation(value, path.child(key), errors);
  }
  for (const [key, value] of Object.entries(annotations)) {
    if (!key.startsWith(APP_ARMOR_PREFIX)) continue;
    const container = key.slice(APP_ARMOR_PREFIX.length);
    if (!hasContainer(spec, container)) errors.invalid(path.key(key), container, 'container not found');
    if (value !== '' && value !== APP_ARMOR_RUNTIME_DEFAULT && value !== UNCONFINED && !value.startsWith(APP_ARMOR_LOCALHOST)) {
      errors.invalid(path.key(key), value, `invalid AppArmor profile name: ${goQuote(value)}`);
    }
  }
}

/** Canonical 32-bit integers only: no sign in front, no leading zeros. */
export function isDeletionCost(text: string): boolean {
  return /^(0|-?[1-9]\d{0,9})$/.test(text) && Number(text) >= -(2 ** 31) && Number(text) < 2 ** 31;
}
function hasContainer(spec: core.PodSpec, name: string): boolean {
  for (const { container } of containersWithPath(spec, SPEC_PATH)) if (container.name === name) return true;
  return false;
}
function checkSeccompAnnotation(profile: string, path: FieldPath, errors: FieldErrors): void {
  if (SECCOMP_DEFAULTS.includes(profile) || profile === UNCONFINED) return;
  if (profile.startsWith('localhost/')) checkLocalDescendingPath(profile.slice('localhost/'.length), path, errors);
  else errors.invalid(path, profile, 'must be a valid seccomp profile');
}

/** The annotations of old releases must say what the fields say. */
export function checkAnnotationsMatchFields(annotations: Annotations | undefined, spec: core.PodSpec, specPath: FieldPath, errors: FieldErrors): void {
  if (annotations === undefined) return;
  const podSeccomp = annotations[SECCOMP_POD];
  if (podSeccomp !== undefined) checkSeccompMatch(podSeccomp, spec.securityContext?.seccompProfile, specPath.child('securityContext').child('seccompProfile'), errors);
  for (const { container, path } of containersWithPath(spec, specPath)) {
    const annotation = annotations[`${SECCOMP_CONTAINER_PREFIX}${container.name}`];
    if (annotation === undefined) continue;
    checkSeccompMatch(annotation, container.securityContext?.seccompProfile, path.child('securityContext').child('seccompProfile'), errors);
  }
  if (spec.os?.name === 'windows') return;
  for (const { container, path } of containersWithPath(spec, specPath)) {
    const annotation = annotations[`${APP_ARMOR_PREFIX}${container.name}`];
    const profile = container.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
    if (annotation === undefined || profile === undefined) continue;
    checkAppArmorMatch(annotation, profile, path.child('securityContext').child('appArmorProfile'), errors);
  }
}

function checkSeccompMatch(annotation: string, profile: core.SeccompProfile | undefined, path: FieldPath, errors: FieldErrors): void {
  if (profile === undefined) return;
  const typeMatches =
    profile.type === 'Unconfined'
      ? annotation === UNCONFINED
      : profile.type === 'RuntimeDefault'
        ? SECCOMP_DEFAULTS.includes(annotation)
        : profile.type !== 'Localhost' || annotation.startsWith('localhost/');
  if (!typeMatches) errors.forbidden(path.child('type'), 'seccomp type in annotation and field must match');
  else if (profile.type === 'Localhost' && annotation !== `localhost/${profile.localhostProfile}`) {
    errors.forbidden(path.child('localhostProfile'), 'seccomp profile in annotation and field must match');
  }
}

function checkAppArmorMatch(annotation: string, profile: core.AppArmorProfile, path: FieldPath, errors: FieldErrors): void {
  const typeMatches =
    profile.type === 'Unconfined'
      ? annotation === UNCONFINED
      : profile.type === 'RuntimeDefault'
        ? annotation === APP_ARMOR_RUNTIME_DEFAULT
        : profile.type !== 'Localhost' || annotation.startsWith(APP_ARMOR_LOCALHOST);
  if (!typeMatches) errors.forbidden(path.child('type'), 'apparmor type in annotation and field must match');
  else if (profile.type === 'Localhost' && annotation !== `${APP_ARMOR_LOCALHOST}${profile.localhostProfile}`) {
    errors.forbidden(path.child('localhostProfile'), 'apparmor profile in annotation and field must match');
  }
}

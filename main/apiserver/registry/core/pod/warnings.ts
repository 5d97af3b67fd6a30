import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { goQuote } from '../../../../../kube/apimachinery/go-format.ts';
import { isDns1123Label } from '../../../../../kube/apimachinery/name-validation.ts';
import { ROOT_PATH, type FieldPath } from '../../validation/field-path.ts';
import { isIntegerQuantity } from '../../validation/quantities.ts';
import { isEmpty, sortedKeys } from '../../validation/values.ts';
import { appArmorProfileOf } from './prepare.ts';
import { containersWithPath } from './validation/environment.ts';
import { nodeLabelWarning, nodeSelectorTermWarnings } from './node-label-warnings.ts';
import { overlappingPathWarnings } from './overlapping-paths.ts';
import { portWarnings } from './port-warnings.ts';

const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';
const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';
const DEPRECATED_ANNOTATIONS = [
  ['scheduler.alpha.kubernetes.io/critical-pod', 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ['security.alpha.kubernetes.io/sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
  ['security.alpha.kubernetes.io/unsafe-sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
] as const;
const DEPRECATED_VOLUMES = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const;

export function podWarnings(pod: core.Pod): string[] {
  const warnings: string[] = [];
  const messages = isDns1123Label(pod.metadata.name);
  if (messages.length > 0) {
    const text = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended";
    warnings.push(`metadata.name: ${text}: [${messages.join(' ')}]`);
  }
  return [...warnings, ...podSpecWarnings(pod, undefined)];
}

export function podTemplateWarnings(template: core.PodTemplateSpec | undefined, path: FieldPath): string[] {
  return template?.spec === undefined ? [] : podSpecWarnings({ metadata: template.metadata ?? {}, spec: template.spec }, path);
}

interface SpecAndMeta {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: core.PodSpec;
}

/** `path` is that of the template; undefined for a pod itself. */
function podSpecWarnings({ metadata, spec }: SpecAndMeta, path: FieldPath | undefined): string[] {
  const warnings: string[] = [];
  const root = path ?? ROOT_PATH;
  const specPath = root.child('spec');
  const annotations = metadata.annotations ?? {};
  const annotationPath = (key: string) => root.child('metadata').child('annotations').key(key).toString();
  warnings.push(...schedulingWarnings(spec, specPath));
  for (const [key, message] of DEPRECATED_ANNOTATIONS) if (annotations[key] !== undefined) warnings.push(`${annotationPath(key)}: ${message}`);
  warnings.push(...volumeWarnings(spec, specPath), ...overlappingPathWarnings(spec.volumes ?? []), ...listWarnings(spec, specPath));
  warnings.push(...fractionWarnings(spec.overhead, specPath.child('overhead')));
  if (spec.securityContext?.seccompProfile === undefined && annotations[SECCOMP_POD] !== undefined) {
    warnings.push(`${annotationPath(SECCOMP_POD)}: non-functional in v1.27+; use the "seccompProfile" field instead`);
  }
  for (const { container, path: containerPath } of containersWithPath(spec, specPath)) {
    const seccomp = `${SECCOMP_CONTAINER}${container.name}`;
    if (container.securityContext?.seccompProfile === undefined && annotations[seccomp] !== undefined) {
      warnings.push(`${annotationPath(seccomp)}: non-functional in v1.27+; use the "seccompProfile" field instead`);
    }
    if (path !== undefined && isAppArmorAnnotationOnly(container, spec, annotations)) {
      warnings.push(`${annotationPath(`${APP_ARMOR}${container.name}`)}: deprecated since v1.30; use the "appArmorProfile" field instead`);
    }
    warnings.push(...containerWarnings(container, containerPath));
  }
  warnings.push(...portWarnings(spec, specPath));
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    warnings.push(`${specPath.child('terminationGracePeriodSeconds')}: must be >= 0; negative values are invalid and will be treated as 1`);
  }
  warnings.push(...podAffinityWarnings(spec, specPath));
  return warnings;
}

function isAppArmorAnnotationOnly(container: core.Container, spec: core.PodSpec, annotations: Readonly<Record<string, string>>): boolean {
  const annotation = annotations[`${APP_ARMOR}${container.name}`];
  if (annotation === undefined || container.securityContext?.appArmorProfile !== undefined) return false;
  const ofPod = spec.securityContext?.appArmorProfile;
  const meant = appArmorProfileOf(annotation);
  return ofPod === undefined || meant?.type !== ofPod.type || meant.localhostProfile !== ofPod.localhostProfile;
}

function schedulingWarnings(spec: core.PodSpec, path: FieldPath): string[] {
  const warnings: string[] = [];
  for (const key of sortedKeys(spec.nodeSelector)) {
    const message = nodeLabelWarning(key);
    if (message !== undefined) warnings.push(`${path.child('nodeSelector').key(key)}: ${message}`);
  }
  const affinity = spec.affinity?.nodeAffinity;
  const affinityPath = path.child('affinity').child('nodeAffinity');
  const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  for (const [index, term] of required.entries()) {
    const termPath = affinityPath.child('requiredDuringSchedulingIgnoredDuringExecution').child('nodeSelectorTerms').index(index);
    warnings.push(...nodeSelectorTermWarnings(term, termPath, { checkValues: false }));
  }
  for (const [index, term] of (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const termPath = affinityPath.child('preferredDuringSchedulingIgnoredDuringExecution').index(index).child('preference');
    warnings.push(...nodeSelectorTermWarnings(term.preference, termPath, { checkValues: true }));
  }
  for (const [index, constraint] of (spec.topologySpreadConstraints ?? []).entries()) {
    const constraintPath = path.child('topologySpreadConstraints').index(index);
    const message = nodeLabelWarning(constraint.topologyKey);
    if (message !== undefined) warnings.push(`${constraintPath.child('topologyKey')}: ${constraint.topologyKey} is ${message}`);
    if (constraint.labelSelector === undefined) {
      warnings.push(`${constraintPath.child('labelSelector')}: a null labelSelector results in matching no pod`);
    }
  }
  return warnings;
}

function volumeWarnings(spec: core.PodSpec, path: FieldPath): string[] {
  return (spec.volumes ?? []).flatMap((volume, index) => {
    const volumePath = path.child('volumes').index(index);
    const warnings: string[] = [];
    for (const [field, name, message] of DEPRECATED_VOLUMES) if (volume[field] !== undefined) warnings.push(`${volumePath.child(name)}: ${message}`);
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
    if (claim === undefined) return warnings;
    return [...warnings, ...claimSpecWarnings(claim, volumePath.child('ephemeral').child('volumeClaimTemplate').child('spec'))];
  });
}

export function claimSpecWarnings(spec: core.PersistentVolumeClaimSpec, path: FieldPath): string[] {
  return (['requests', 'limits'] as const).flatMap((field) => {
    const storage = spec.resources?.[field]?.['storage'];
    if (storage === undefined || isIntegerQuantity(storage)) return [];
    return [`${path.child('resources').child(field).key('storage')}: fractional byte value ${goQuote(storage)} is invalid, must be an integer`];
  });
}

function listWarnings(spec: core.PodSpec, path: FieldPath): string[] {
  const warnings: string[] = [];
  const ips = new Set<string>();
  for (const [index, { ip = '' }] of (spec.hostAliases ?? []).entries()) {
    if (ips.has(ip)) warnings.push(`${path.child('hostAliases').index(index).child('ip')}: duplicate ip ${goQuote(ip)}`);
    ips.add(ip);
  }
  const names = new Set<string>();
  const secrets = spec.imagePullSecrets ?? [];
  const secretPath = (index: number) => path.child('imagePullSecrets').index(index).child('name');
  for (const [index, { name = '' }] of secrets.entries()) {
    if (names.has(name)) warnings.push(`${secretPath(index)}: duplicate name ${goQuote(name)}`);
    names.add(name);
  }
  for (const [index, { name }] of secrets.entries()) if (isEmpty(name)) warnings.push(`${secretPath(index)}: invalid empty name ""`);
  return warnings;
}

function fractionWarnings(list: Readonly<Record<string, string>> | undefined, path: FieldPath, names = ['memory', 'ephemeral-storage']): string[] {
  return names.flatMap((name) => {
    const value = list?.[name];
    if (value === undefined || isIntegerQuantity(value)) return [];
    return [`${path.key(name)}: fractional byte value ${goQuote(value)} is invalid, must be an integer`];
  });
}

function containerWarnings(container: core.Container, path: FieldPath): string[] {
  const { limits, requests } = container.resources ?? {};
  const resourcesPath = path.child('resources');
  const warnings = ['memory', 'ephemeral-storage'].flatMap((name) => [
    ...fractionWarnings(limits, resourcesPath.child('limits'), [name]),
    ...fractionWarnings(requests, resourcesPath.child('requests'), [name]),
  ]);
  const seen = new Set<string>();
  for (const [index, { name, value = '', valueFrom }] of (container.env ?? []).entries()) {
    const reference = `$(${name})`;
    const hides = valueFrom !== undefined || value === reference || !value.includes(reference);
    if (seen.has(name) && hides) {
      const text = `hides previous definition of ${goQuote(name)}, which may be dropped when using apply`;
      warnings.push(`${path.child('env').index(index)}: ${text}`);
    }
    seen.add(name);
  }
  return warnings;
}

function podAffinityWarnings(spec: core.PodSpec, path: FieldPath): string[] {
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((field) => {
    const affinity = spec.affinity?.[field];
    const fieldPath = path.child('affinity').child(field);
    const required = fieldPath.child('requiredDuringSchedulingIgnoredDuringExecution');
    const preferred = fieldPath.child('preferredDuringSchedulingIgnoredDuringExecution');
    const warn = (term: core.PodAffinityTerm, termPath: FieldPath): string[] =>
      term.labelSelector === undefined ? [`${termPath.child('labelSelector')}: a null labelSelector results in matching no pod`] : [];
    return [
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((term, index) => warn(term, required.index(index))),
      ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((term, index) =>
        warn(term.podAffinityTerm, preferred.index(index).child('podAffinityTerm')),
      ),
    ];
  });
}

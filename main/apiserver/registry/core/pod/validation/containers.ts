import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import { wasGivenEmpty } from '../../../../../../kube/api/typed-object.ts';
import { isValidPortName, isValidPortNumber } from '../../../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import type { FieldPath } from '../../../validation/field-path.ts';
import { checkDnsLabel, isEmpty } from '../../../validation/values.ts';
import { checkEnv, checkEnvFrom } from './environment.ts';
import { checkVolumeDevices, checkVolumeMounts } from './mounts.ts';
import type { PodValidationOptions } from './options.ts';
import { checkLifecycle, checkProbes } from './probes.ts';
import { checkContainerResources } from './resources.ts';
import { checkContainerRestart, checkInitContainerRestart } from './restart-policy.ts';
import { checkContainerSecurityContext } from './security-context.ts';
import { checkPullPolicy, type VolumesByName } from './volumes.ts';

export const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError'];
const RESIZE_RESOURCES = ['cpu', 'memory'];
const RESIZE_POLICIES = ['NotRequired', 'RestartContainer'];

/** What the containers of one pod have in common. */
export interface ContainerContext {
  readonly spec: core.PodSpec;
  readonly volumes: VolumesByName;
  readonly claimNames: ReadonlySet<string>;
  readonly hostUsers: boolean;
  readonly options: PodValidationOptions;
}

export function checkContainers(path: FieldPath, errors: FieldErrors, context: ContainerContext): void {
  const { spec } = context;
  if (isEmpty(spec.containers)) {
    errors.required(path);
    return;
  }
  const names = new Set<string>();
  const hostPorts = new Set<string>();
  for (const [index, container] of spec.containers.entries()) {
    const containerPath = path.index(index);
    checkContainer(container, containerPath, errors, context);
    if (names.has(container.name)) errors.duplicate(containerPath.child('name'), container.name ?? '');
    names.add(container.name);
    const gracePeriod = spec.terminationGracePeriodSeconds;
    if (container.lifecycle !== undefined) checkLifecycle(container.lifecycle, containerPath.child('lifecycle'), errors, { gracePeriod, os: spec.os });
    checkProbes(container, containerPath, errors, gracePeriod);
    checkContainerRestart(container, containerPath, errors);
  }
  for (const [index, container] of spec.containers.entries()) checkHostPorts(container, path.index(index), errors, hostPorts);
}

export function checkInitContainers(path: FieldPath, errors: FieldErrors, context: ContainerContext): void {
  const { spec } = context;
  if (spec.initContainers === undefined) return;
  const names = new Set((spec.containers ?? []).map(({ name }) => name));
  for (const [index, container] of spec.initContainers.entries()) {
    const containerPath = path.index(index);
    checkContainer(container, containerPath, errors, context);
    checkInitContainerRestart(container, containerPath, errors);
    if (names.has(container.name)) errors.duplicate(containerPath.child('name'), container.name);
    else if (!isEmpty(container.name)) names.add(container.name);
    checkHostPorts(container, path.index(0), errors, new Set());
    if (container.restartPolicy === 'Always') {
      const gracePeriod = spec.terminationGracePeriodSeconds;
      if (container.lifecycle !== undefined) checkLifecycle(container.lifecycle, containerPath.child('lifecycle'), errors, { gracePeriod, os: spec.os });
      checkProbes(container, containerPath, errors, gracePeriod);
      continue;
    }
    for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[field] === undefined) continue;
      errors.forbidden(containerPath.child(field), 'may not be set for init containers without restartPolicy=Always');
    }
  }
}

const FORBIDDEN_FOR_EPHEMERAL = ['ports', 'resources', 'resizePolicy', 'restartPolicy', 'restartPolicyRules', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'] as const;
const NOT_FOR_EPHEMERAL = 'cannot be set for an Ephemeral Container';

export function checkEphemeralContainers(path: FieldPath, errors: FieldErrors, context: ContainerContext): void {
  const { spec } = context;
  if (spec.ephemeralContainers === undefined) return;
  const others = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name));
  const names = new Set(others);
  for (const [index, container] of spec.ephemeralContainers.entries()) {
    const containerPath = path.index(index);
    checkContainer(container, containerPath, errors, context);
    checkImageSpaces(container, containerPath, errors);
    if (names.has(container.name)) errors.duplicate(containerPath.child('name'), container.name);
    names.add(container.name);
    const target = container.targetContainerName;
    if (target && !others.has(target)) errors.notFound(containerPath.child('targetContainerName'), target);
    for (const field of FORBIDDEN_FOR_EPHEMERAL) {
      if (isNonZero(container[field]) || wasGivenEmpty(container, field)) errors.forbidden(containerPath.child(field), NOT_FOR_EPHEMERAL);
    }
    for (const [mountIndex, mount] of (container.volumeMounts ?? []).entries()) {
      const mountPath = containerPath.child('volumeMounts').index(mountIndex);
      if (!isEmpty(mount.subPath)) errors.forbidden(mountPath.child('subPath'), NOT_FOR_EPHEMERAL);
      if (!isEmpty(mount.subPathExpr)) errors.forbidden(mountPath.child('subPathExpr'), NOT_FOR_EPHEMERAL);
    }
  }
}
function isNonZero(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0 || wasGivenEmpty(value);
}

function checkContainer(container: core.Container, path: FieldPath, errors: FieldErrors, context: ContainerContext): void {
  if (isEmpty(container.name)) errors.required(path.child('name'));
  else checkDnsLabel(container.name, path.child('name'), errors);
  if (isEmpty(container.image)) errors.required(path.child('image'));
  const policy = container.terminationMessagePolicy;
  if (isEmpty(policy)) errors.required(path.child('terminationMessagePolicy'));
  else if (!MESSAGE_POLICIES.includes(policy as string)) errors.notSupported(path.child('terminationMessagePolicy'), policy, MESSAGE_POLICIES);
  checkPorts(container.ports, path.child('ports'), errors);
  checkEnv(container.env, path.child('env'), errors);
  checkEnvFrom(container.envFrom, path.child('envFrom'), errors);
  checkVolumeMounts(container, path.child('volumeMounts'), errors, context.volumes);
  checkVolumeDevices(container, path.child('volumeDevices'), errors, context.volumes);
  checkPullPolicy(container.imagePullPolicy, path.child('imagePullPolicy'), errors);
  const { claimNames, options } = context;
  checkContainerResources(container.resources, path.child('resources'), errors, {
    claimNames,
    allowIndivisibleHugePages: options.allowIndivisibleHugePages,
  });
  checkResizePolicy(container.resizePolicy, path.child('resizePolicy'), errors, context.spec.restartPolicy);
  checkContainerSecurityContext(container.securityContext, path.child('securityContext'), errors, context.hostUsers);
}

export function checkImageSpaces(container: core.Container, path: FieldPath, errors: FieldErrors): void {
  const image = container.image ?? '';
  if (image !== image.trim()) errors.invalid(path.child('image'), image, 'must not have leading or trailing whitespace');
}

function checkPorts(ports: readonly core.ContainerPort[] | undefined, path: FieldPath, errors: FieldErrors): void {
  if (ports === undefined) return;
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const portPath = path.index(index);
    if (!isEmpty(port.name)) {
      const name = port.name as string;
      const messages = isValidPortName(name);
      errors.invalidEach(portPath.child('name'), name, messages);
      if (messages.length === 0 && names.has(name)) errors.duplicate(portPath.child('name'), name);
      else if (messages.length === 0) names.add(name);
    }
    if (!port.containerPort) errors.required(portPath.child('containerPort'));
    else errors.invalidEach(portPath.child('containerPort'), port.containerPort, isValidPortNumber(port.containerPort));
    if (port.hostPort) errors.invalidEach(portPath.child('hostPort'), port.hostPort, isValidPortNumber(port.hostPort));
    if (isEmpty(port.protocol)) errors.required(portPath.child('protocol'));
    else if (!PROTOCOLS.includes(port.protocol as string)) errors.notSupported(portPath.child('protocol'), port.protocol, PROTOCOLS);
  }
}

function checkHostPorts(container: core.Container, path: FieldPath, errors: FieldErrors, seen: Set<string>): void {
  for (const [index, { protocol, hostIP = '', hostPort }] of (container.ports ?? []).entries()) {
    if (!hostPort) continue;
    const key = `${protocol}/${hostIP}/${hostPort}`;
    if (seen.has(key)) errors.duplicate(path.child('ports').index(index).child('hostPort'), key);
    seen.add(key);
  }
}

function checkResizePolicy(
  policies: readonly core.ContainerResizePolicy[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
  podRestartPolicy: string | undefined,
): void {
  if (policies === undefined) return;
  const seen = new Set<string>();
  for (const [index, { resourceName = '', restartPolicy = '' }] of policies.entries()) {
    if (seen.has(resourceName)) errors.duplicate(path.index(index), resourceName);
    seen.add(resourceName);
    if (resourceName === '') errors.required(path);
    else if (!RESIZE_RESOURCES.includes(resourceName)) errors.notSupported(path, resourceName, RESIZE_RESOURCES);
    if (restartPolicy === '') errors.required(path);
    else if (!RESIZE_POLICIES.includes(restartPolicy)) errors.notSupported(path, restartPolicy, RESIZE_POLICIES);
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      errors.invalid(path, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'");
    }
  }
}

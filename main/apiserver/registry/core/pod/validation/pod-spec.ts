import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import {
  inclusiveRangeError,
  isDns1123Subdomain,
} from '../../../../../../kube/apimachinery/name-validation.ts';
import type { ObjectMeta } from '../../../../../../kube/apimachinery/object-meta.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import type { FieldPath } from '../../../validation/field-path.ts';
import { checkLegacyIp } from '../../../validation/ip.ts';
import { checkDnsLabel, checkDnsSubdomain, checkLabels, checkObjectName, isEmpty } from '../../../validation/values.ts';
import { checkAffinity } from './affinity.ts';
import { checkContainers, checkEphemeralContainers, checkInitContainers, type ContainerContext } from './containers.ts';
import { checkFileKeyRefVolumes, containersWithPath } from './environment.ts';
import type { PodValidationOptions } from './options.ts';
import { checkPodDns } from './pod-dns.ts';
import { checkResourceClaims } from './resource-claims.ts';
import { checkContainerResources, checkPodLevelResources } from './resources.ts';
import { checkReadinessGates, checkSchedulingGates, checkTolerations, checkTopologySpread } from './scheduling.ts';
import { checkPodSecurityContext } from './security-context.ts';
import { checkVolumes } from './volumes.ts';
import { checkHostProcesses, checkOs } from './windows.ts';

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const PREEMPTION_POLICIES = ['PreemptLowerPriority', 'Never'];
const MAX_HOSTNAME_OVERRIDE = 64;

/** `podMeta` is absent in the template of a workload, whose pods have no names yet. */
export function checkPodSpec(
  spec: core.PodSpec,
  path: FieldPath,
  errors: FieldErrors,
  { podMeta, options }: { readonly podMeta: ObjectMeta | undefined; readonly options: PodValidationOptions },
): void {
  if (spec.terminationGracePeriodSeconds === undefined) errors.required(path.child('terminationGracePeriodSeconds'));
  const volumes = checkVolumes(spec.volumes, path.child('volumes'), errors, { podMeta, options });
  const claimNames = checkResourceClaims(spec.resourceClaims, path.child('resourceClaims'), errors, podMeta);
  const context: ContainerContext = { spec, volumes, claimNames, hostUsers: spec.hostUsers !== false, options };
  checkContainers(path.child('containers'), errors, context);
  checkInitContainers(path.child('initContainers'), errors, context);
  checkEphemeralContainers(path.child('ephemeralContainers'), errors, context);
  const { allowIndivisibleHugePages, allowInvalidLabelValues } = options;
  checkPodLevelResources(spec, path, errors, { claimNames, allowIndivisibleHugePages });
  checkHostNetworkPorts(spec, path.child('containers'), errors, options);
  checkChoice(spec.restartPolicy, RESTART_POLICIES, path.child('restartPolicy'), errors);
  checkChoice(spec.dnsPolicy, DNS_POLICIES, path.child('dnsPolicy'), errors);
  checkLabels(spec.nodeSelector, path.child('nodeSelector'), errors);
  checkPodSecurityContext(spec, path.child('securityContext'), errors);
  checkAffinity(spec.affinity, path.child('affinity'), errors, allowInvalidLabelValues);
  checkPodDns(spec, path.child('dnsConfig'), errors);
  checkReadinessGates(spec.readinessGates, path.child('readinessGates'), errors);
  checkSchedulingGates(spec.schedulingGates, path.child('schedulingGates'), errors);
  checkTopologySpread(spec.topologySpreadConstraints, path.child('topologySpreadConstraints'), errors);
  checkHostProcesses(spec, path, errors);
  checkHostUsers(spec, path, errors);
  checkHostnameOverride(spec, path, errors);
  checkNames(spec, path, errors);
  checkTolerations(spec.tolerations, path.child('tolerations'), errors);
  checkHostAliases(spec.hostAliases, path.child('hostAliases'), errors);
  if (!isEmpty(spec.priorityClassName)) checkObjectName(spec.priorityClassName as string, path.child('priorityClassName'), errors);
  if (spec.runtimeClassName !== undefined) checkObjectName(spec.runtimeClassName, path.child('runtimeClassName'), errors);
  if (spec.preemptionPolicy !== undefined) checkChoice(spec.preemptionPolicy, PREEMPTION_POLICIES, path.child('preemptionPolicy'), errors);
  if (spec.overhead !== undefined) {
    checkContainerResources({ limits: spec.overhead }, path.child('overhead'), errors, { claimNames: new Set(), allowIndivisibleHugePages });
  }
  checkOs(spec, path, errors);
  checkFileKeyRefVolumes(spec, path, errors);
}

function checkChoice(value: string | undefined, choices: readonly string[], path: FieldPath, errors: FieldErrors): void {
  if (isEmpty(value)) errors.required(path);
  else if (!choices.includes(value as string)) errors.notSupported(path, value, choices);
}

function checkNames(spec: core.PodSpec, path: FieldPath, errors: FieldErrors): void {
  if (!isEmpty(spec.serviceAccountName)) checkObjectName(spec.serviceAccountName as string, path.child('serviceAccountName'), errors);
  if (!isEmpty(spec.nodeName)) checkObjectName(spec.nodeName as string, path.child('nodeName'), errors);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > 2 ** 31 - 1)) {
    errors.invalid(path.child('activeDeadlineSeconds'), deadline, inclusiveRangeError(1, 2 ** 31 - 1));
  }
  if (!isEmpty(spec.hostname)) checkDnsLabel(spec.hostname as string, path.child('hostname'), errors);
  if (!isEmpty(spec.subdomain)) checkDnsLabel(spec.subdomain as string, path.child('subdomain'), errors);
}

function checkHostNetworkPorts(spec: core.PodSpec, path: FieldPath, errors: FieldErrors, options: PodValidationOptions): void {
  if (!spec.hostNetwork) return;
  for (const [index, container] of (spec.containers ?? []).entries()) {
    for (const [portIndex, port] of (container.ports ?? []).entries()) {
      const hostPort = port.hostPort ?? 0;
      if ((!options.isPod && hostPort === 0) || hostPort === port.containerPort) continue;
      const portPath = path.index(index).child('ports').index(portIndex).child('hostPort');
      errors.invalid(portPath, hostPort, 'must match `containerPort` when `hostNetwork` is true');
    }
  }
}

function checkHostUsers(spec: core.PodSpec, path: FieldPath, errors: FieldErrors): void {
  if (spec.hostUsers !== false) return;
  const detail = 'when `hostUsers` is false';
  if (spec.hostNetwork) errors.forbidden(path.child('hostNetwork'), detail);
  if (spec.hostPID) errors.forbidden(path.child('HostPID'), detail);
  if (spec.hostIPC) errors.forbidden(path.child('HostIPC'), detail);
  for (const { container, path: containerPath } of containersWithPath(spec, path)) {
    if (!isEmpty(container.volumeDevices)) errors.forbidden(containerPath.child('volumeDevices'), detail);
  }
}

function checkHostnameOverride(spec: core.PodSpec, path: FieldPath, errors: FieldErrors): void {
  const { hostnameOverride } = spec;
  if (hostnameOverride === undefined) return;
  const namePath = path.child('hostnameOverride');
  if (spec.setHostnameAsFQDN) errors.forbidden(namePath, 'may not be specified when setHostnameAsFQDN is true');
  if (spec.hostNetwork) errors.forbidden(namePath, 'may not be specified when hostNetwork is true');
  if (Buffer.byteLength(hostnameOverride) > MAX_HOSTNAME_OVERRIDE) errors.tooLong(namePath, MAX_HOSTNAME_OVERRIDE);
  errors.invalidEach(namePath, hostnameOverride, isDns1123Subdomain(hostnameOverride));
}

function checkHostAliases(aliases: readonly core.HostAlias[] | undefined, path: FieldPath, errors: FieldErrors): void {
  for (const [index, alias] of (aliases ?? []).entries()) {
    checkLegacyIp(alias.ip ?? '', path.index(index).child('ip'), errors);
    for (const [nameIndex, name] of (alias.hostnames ?? []).entries()) {
      checkDnsSubdomain(name, path.index(index).child('hostnames').index(nameIndex), errors);
    }
  }
}

import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { isHugePages, isOvercommitAllowed, isPodLevelResource } from '../../validation/resource-names.ts';
import { quantityText } from '../../validation/quantities.ts';
import { sizeOf } from '../../validation/values.ts';
import { setClaimSpecDefaults } from '../persistentvolumeclaim/defaults.ts';
import { imageTag } from './image-reference.ts';
import { aggregateContainerResources } from './pod-resources.ts';

/** Upstream: pkg/apis/core/v1/defaults.go. All of these change a freshly decoded object in place. */

/** What only pods get, not the templates of workloads. */
export function setPodDefaults(pod: core.Pod): void {
  const { spec } = pod;
  setPodSpecDefaults(spec);
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1; // Not so in templates.
  dropInitContainerAnnotations(pod.metadata);
  for (const container of spec.containers ?? []) defaultRequests(container);
  for (const container of spec.initContainers ?? []) defaultRequests(container);
  defaultPodLevelResources(spec);
  spec.enableServiceLinks ??= true;
  if (pod.status) completePodAddresses(pod.status);
  if (!spec.hostNetwork) return;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    for (const port of container.ports ?? []) if (!port.hostPort && port.containerPort) port.hostPort = port.containerPort;
  }
}

/** Kubelets older than podIPs write only the first address, and the other way round. */
function completePodAddresses(status: core.PodStatus): void {
  if (status.podIP && status.podIP !== status.podIPs?.[0]?.ip) status.podIPs = [{ ip: status.podIP }];
  else if (status.podIPs?.[0] !== undefined) status.podIP = status.podIPs[0].ip;
}

export function setPodTemplateDefaults(template: core.PodTemplateSpec | undefined): void {
  if (template?.metadata !== undefined) dropInitContainerAnnotations(template.metadata);
  if (template?.spec === undefined) return;
  setPodSpecDefaults(template.spec);
}

/** What init containers were before they had a field. */
const INIT_CONTAINER_ANNOTATIONS = ['pod.beta.kubernetes.io/init-containers', 'pod.alpha.kubernetes.io/init-containers', 'pod.beta.kubernetes.io/init-container-statuses', 'pod.alpha.kubernetes.io/init-container-statuses'];

function dropInitContainerAnnotations(metadata: { annotations?: Record<string, string> }): void {
  const { annotations } = metadata;
  if (annotations === undefined) return;
  for (const name of INIT_CONTAINER_ANNOTATIONS) delete annotations[name];
}

function setPodSpecDefaults(spec: core.PodSpec): void {
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  // serviceAccount is the deprecated alias; internally there is one field.
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName;
  else if (spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount;
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
  for (const container of spec.initContainers ?? []) setContainerDefaults(container);
  for (const container of spec.containers ?? []) setContainerDefaults(container);
  for (const container of spec.ephemeralContainers ?? []) setContainerDefaults(container);
}

function setContainerDefaults(container: core.Container): void {
  container.imagePullPolicy ||= imageTag(container.image ?? '') === 'latest' ? 'Always' : 'IfNotPresent';
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const variable of container.env ?? []) {
    if (variable.valueFrom?.fieldRef !== undefined) variable.valueFrom.fieldRef.apiVersion ||= 'v1';
    const fileKey = variable.valueFrom?.fileKeyRef;
    if (fileKey !== undefined) fileKey.optional ??= false;
  }
  for (const field of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) setProbeDefaults(container[field]);
  setHttpDefaults(container.lifecycle?.postStart?.httpGet);
  setHttpDefaults(container.lifecycle?.preStop?.httpGet);
}

function setProbeDefaults(probe: core.Probe | undefined): void {
  if (probe === undefined) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  setHttpDefaults(probe.httpGet);
  if (probe.grpc !== undefined) probe.grpc.service ??= '';
}
function setHttpDefaults(action: core.HTTPGetAction | undefined): void {
  if (action === undefined) return;
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}

const VOLUME_SOURCE_NAME = 'name';
const DEFAULT_MODE = 0o644;

export function setVolumeDefaults(volume: core.Volume): void {
  if (Object.keys(volume).every((key) => key === VOLUME_SOURCE_NAME)) volume.emptyDir = {};
  const { secret, configMap, downwardAPI, projected, hostPath, iscsi, rbd, azureDisk, scaleIO, ephemeral, image } = volume;
  if (secret !== undefined) secret.defaultMode ??= DEFAULT_MODE;
  if (configMap !== undefined) configMap.defaultMode ??= DEFAULT_MODE;
  if (downwardAPI !== undefined) {
    downwardAPI.defaultMode ??= DEFAULT_MODE;
    setDownwardApiDefaults(downwardAPI.items);
  }
  if (projected !== undefined) setProjectedDefaults(projected);
  if (hostPath !== undefined) hostPath.type ??= '';
  if (iscsi !== undefined) iscsi.iscsiInterface ||= 'default';
  if (rbd !== undefined) setRbdDefaults(rbd);
  if (azureDisk !== undefined) setAzureDiskDefaults(azureDisk);
  if (scaleIO !== undefined) setScaleIoDefaults(scaleIO);
  if (ephemeral?.volumeClaimTemplate !== undefined) setClaimSpecDefaults(ephemeral.volumeClaimTemplate.spec);
  if (image !== undefined) image.pullPolicy ||= imageTag(image.reference ?? '') === 'latest' ? 'Always' : 'IfNotPresent';
}

export function setRbdDefaults(rbd: { pool?: string; user?: string; keyring?: string }): void {
  rbd.pool ||= 'rbd';
  rbd.user ||= 'admin';
  rbd.keyring ||= '/etc/ceph/keyring';
}
export function setAzureDiskDefaults(disk: core.AzureDiskVolumeSource): void {
  disk.cachingMode ??= 'ReadWrite';
  disk.kind ??= 'Shared';
  disk.fsType ??= 'ext4';
  disk.readOnly ??= false;
}
export function setScaleIoDefaults(volume: { storageMode?: string; fsType?: string }): void {
  volume.storageMode ||= 'ThinProvisioned';
  volume.fsType ||= 'xfs';
}
function setDownwardApiDefaults(files: core.DownwardAPIVolumeFile[] | undefined): void {
  for (const file of files ?? []) if (file.fieldRef !== undefined) file.fieldRef.apiVersion ||= 'v1';
}
function setProjectedDefaults(projected: core.ProjectedVolumeSource): void {
  projected.defaultMode ??= DEFAULT_MODE;
  for (const source of projected.sources ?? []) {
    setDownwardApiDefaults(source.downwardAPI?.items);
    if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= 3600;
  }
}

/** A limit without a request is also the request. */
function defaultRequests(container: core.Container): void {
  const { resources } = container;
  if (resources?.limits === undefined) return;
  const requests: Record<string, string> = resources.requests ?? {};
  for (const name of Object.keys(resources.limits)) requests[name] ??= resources.limits[name] as string;
  if (Object.keys(requests).length > 0) resources.requests = requests;
}

function defaultPodLevelResources(spec: core.PodSpec): void {
  const { resources } = spec;
  if (resources === undefined) return;
  if (sizeOf(resources.limits) + sizeOf(resources.requests) > 0) {
    const limits: Record<string, string> = resources.limits ?? {};
    for (const [name, sum] of Object.entries(aggregateContainerResources(spec, 'limits'))) {
      if (isHugePages(name) && resources.requests?.[name] === undefined) limits[name] ??= quantityText(sum, anyQuantity(spec, name));
    }
    if (Object.keys(limits).length > 0) resources.limits = limits;
  }
  if (sizeOf(resources.limits) === 0) return;
  const requests: Record<string, string> = resources.requests ?? {};
  for (const [name, sum] of Object.entries(aggregateContainerResources(spec, 'requests'))) {
    if (isPodLevelResource(name) && isOvercommitAllowed(name)) requests[name] ??= quantityText(sum, anyQuantity(spec, name));
  }
  for (const name of Object.keys(resources.limits ?? {})) if (isPodLevelResource(name)) requests[name] ??= resources.limits?.[name] as string;
  if (Object.keys(requests).length > 0) resources.requests = requests;
}
/** A sum is written in the format of its first summand. */
function anyQuantity(spec: core.PodSpec, name: string): string | undefined {
  for (const { resources } of spec.containers ?? []) {
    const found = resources?.requests?.[name] ?? resources?.limits?.[name];
    if (found !== undefined) return found;
  }
  return undefined;
}

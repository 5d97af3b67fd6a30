import type * as core from '../../../../../kube/api/generated/core/v1.ts';

/**
 * Fields whose feature gates are off in 1.36 by default (ClusterTrustBundleProjection, PodCertificateRequest, GenericWorkload, ContainerStopSignals): they
 * are in the schema, and what a client writes into them is not kept (upstream: pkg/api/pod dropDisabledFields).
 */
export function withoutDisabledFields(spec: core.PodSpec, previous: core.PodSpec | undefined): core.PodSpec {
  let next = spec;
  if (spec.schedulingGroup !== undefined && previous?.schedulingGroup === undefined) {
    const { schedulingGroup: _dropped, ...rest } = spec;
    next = rest;
  }
  for (const source of ['clusterTrustBundle', 'podCertificate'] as const) {
    if (hasProjection(next, source) && !(previous && hasProjection(previous, source))) next = { ...next, volumes: next.volumes?.map((volume) => withoutProjection(volume, source)) };
  }
  return hasStopSignal(next) && !(previous && hasStopSignal(previous)) ? withoutStopSignals(next) : next;
}

type Templated = { readonly template?: core.PodTemplateSpec };

/** The same for the template in the spec of a workload. */
export function withoutDisabledTemplateFields<T extends Templated>(owner: T, previous: Templated | undefined): T {
  const template = owner.template;
  if (template?.spec === undefined) return owner;
  const spec = withoutDisabledFields(template.spec, previous?.template?.spec);
  return spec === template.spec ? owner : { ...owner, template: { ...template, spec } };
}

type DisabledProjection = 'clusterTrustBundle' | 'podCertificate';

function hasProjection({ volumes }: core.PodSpec, source: DisabledProjection): boolean {
  return volumes?.some(({ projected }) => projected?.sources?.some((item) => item[source] !== undefined)) ?? false;
}

function withoutProjection(volume: core.Volume, source: DisabledProjection): core.Volume {
  if (volume.projected?.sources === undefined) return volume;
  const sources = volume.projected.sources.map((item) => {
    if (item[source] === undefined) return item;
    const { [source]: _dropped, ...rest } = item;
    return rest;
  });
  return { ...volume, projected: { ...volume.projected, sources } };
}

const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'] as const;

function hasStopSignal(spec: core.PodSpec): boolean {
  return CONTAINER_LISTS.some((field) => (spec[field] as readonly core.Container[] | undefined)?.some(({ lifecycle }) => lifecycle?.stopSignal !== undefined));
}

function withoutStopSignals(spec: core.PodSpec): core.PodSpec {
  const next = { ...spec };
  next.containers = (spec.containers ?? []).map(withoutStopSignal);
  if (spec.initContainers !== undefined) next.initContainers = spec.initContainers.map(withoutStopSignal);
  if (spec.ephemeralContainers !== undefined) next.ephemeralContainers = spec.ephemeralContainers.map(withoutStopSignal);
  return next;
}

/** A lifecycle that said nothing else goes too. */
function withoutStopSignal<T extends core.Container | core.EphemeralContainer>(container: T): T {
  if (container.lifecycle?.stopSignal === undefined) return container;
  const { stopSignal: _signal, ...lifecycle } = container.lifecycle;
  if (Object.keys(lifecycle).length > 0) return { ...container, lifecycle };
  const { lifecycle: _lifecycle, ...rest } = container;
  return rest as unknown as T;
}

const CONTAINER_STATUSES = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;

/** The same of the status: digests of image volumes and claims for what nodes allocate themselves. */
export function withoutDisabledStatus(status: core.PodStatus, previous: core.PodStatus): core.PodStatus {
  const next = { ...status };
  if (previous.nodeAllocatableResourceClaimStatuses === undefined) delete next.nodeAllocatableResourceClaimStatuses;
  if (CONTAINER_STATUSES.some((field) => previous[field]?.some(hasVolumeStatus))) return next;
  for (const field of CONTAINER_STATUSES) if (next[field]?.some(hasVolumeStatus)) next[field] = next[field].map(withoutVolumeStatus);
  return next;
}

function hasVolumeStatus({ volumeMounts }: core.ContainerStatus): boolean {
  return volumeMounts?.some(({ volumeStatus }) => volumeStatus !== undefined) ?? false;
}

function withoutVolumeStatus(status: core.ContainerStatus): core.ContainerStatus {
  return { ...status, volumeMounts: status.volumeMounts?.map(({ volumeStatus: _dropped, ...mount }) => mount) };
}

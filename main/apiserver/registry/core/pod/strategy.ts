import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { STATUS_PATH } from '../../validation/field-path.ts';
import { ipWarnings } from '../../validation/ip-warnings.ts';
import type { StatusStrategy, Strategy } from '../../generic/strategy.ts';
import { withoutStatus } from '../../validation/parts.ts';
import { setPodDefaults } from './defaults.ts';
import { withoutDisabledFields, withoutDisabledStatus } from './disabled-fields.ts';
import { initialStatus, preparePodSpec } from './prepare.ts';
import { validatePodCreate } from './validation/pod.ts';
import { validatePodResize } from './validation/resize.ts';
import { validatePodStatusUpdate } from './validation/status.ts';
import { validateEphemeralContainersUpdate, validatePodUpdate } from './validation/update.ts';
import { podWarnings } from './warnings.ts';

type Pod = core.Pod;

/** Upstream: pkg/registry/core/pod/strategy.go. */
export const podStrategy: Strategy<Pod> = {
  namespaced: true,
  allowCreateOnUpdate: false,
  allowUnconditionalUpdate: true,
  gracePeriodSeconds(pod, requested) {
    const finished = pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
    if (!pod.spec.nodeName || finished) return 0;
    const seconds = requested ?? pod.spec.terminationGracePeriodSeconds ?? 0;
    return seconds < 0 ? 1 : seconds;
  },
  applyDefaults: setPodDefaults,
  prepareForCreate(given, { now }) {
    const pod = { ...given, spec: withoutDisabledFields(given.spec, undefined) };
    return { ...pod, spec: preparePodSpec(pod), status: initialStatus(pod, now) };
  },
  validate: (pod) => validatePodCreate(pod).list,
  prepareForUpdate: (next, previous) => ({ ...next, spec: withoutDisabledFields(next.spec, previous.spec), status: previous.status ?? {} }),
  validateUpdate: (next, previous) => validatePodUpdate(next, previous).list,
  selectableFields: ({ spec, status }) => ({
    'spec.nodeName': spec.nodeName ?? '',
    'spec.restartPolicy': spec.restartPolicy ?? '',
    'spec.schedulerName': spec.schedulerName ?? '',
    'spec.serviceAccountName': spec.serviceAccountName ?? '',
    'spec.hostNetwork': String(spec.hostNetwork ?? false),
    'status.phase': status?.phase ?? '',
    // Known to upstream's conversion alone: nothing ever matches it.
    'status.podIPs': '',
    'status.podIP': status?.podIPs?.[0]?.ip ?? status?.podIP ?? '',
    'status.nominatedNodeName': status?.nominatedNodeName ?? '',
  }),
  warnings: (pod, previous) => (previous === undefined ? podWarnings(pod) : []),
  status: {
    prepareForUpdate: preparePodStatus,
    validateUpdate: (next, previous) => validatePodStatusUpdate(next, previous).list,
    warnings: addressWarnings,
  },
  subresources: { ephemeralcontainers: ephemeralContainersStrategy(), resize: resizeStrategy() },
};

function addressWarnings({ status }: Pod): string[] {
  const path = STATUS_PATH;
  const of = (field: 'podIPs' | 'hostIPs'): string[] => (status?.[field] ?? []).flatMap(({ ip = '' }, index) => ipWarnings(path.child(field).index(index).child('ip'), ip));
  return [...of('podIPs'), ...of('hostIPs')];
}

function preparePodStatus(next: Pod, previous: Pod): Pod {
  const metadata = { ...next.metadata };
  if (previous.metadata.ownerReferences === undefined) delete metadata.ownerReferences;
  else metadata.ownerReferences = previous.metadata.ownerReferences;
  const status: core.PodStatus = { ...withoutDisabledStatus(next.status ?? {}, previous.status ?? {}) };
  status.qosClass ||= previous.status?.qosClass ?? '';
  status.observedGeneration ||= previous.status?.observedGeneration ?? 0;
  if (status.observedGeneration === 0) delete status.observedGeneration;
  if (status.qosClass === '') delete status.qosClass;
  return { ...next, metadata, spec: previous.spec, status };
}

function ephemeralContainersStrategy(): StatusStrategy<Pod> {
  return {
    prepareForUpdate: (next, previous) => ({
      ...withMetadataOf(next, previous),
      spec: withEphemeral(previous.spec, next.spec.ephemeralContainers),
    }),
    validateUpdate: (next, previous) => validateEphemeralContainersUpdate(next, previous).list,
  };
}
function withEphemeral(spec: core.PodSpec, ephemeralContainers: core.EphemeralContainer[] | undefined): core.PodSpec {
  const { ephemeralContainers: _replaced, ...rest } = spec;
  return ephemeralContainers === undefined ? rest : { ...rest, ephemeralContainers };
}

function resizeStrategy(): StatusStrategy<Pod> {
  return { prepareForUpdate: prepareResize, validateUpdate: (next, previous) => validatePodResize(next, previous).list };
}
/** Everything but resources, of the pod and of its containers, and their policies stays, unless the containers themselves differ, which validation reports. */
function prepareResize(next: Pod, previous: Pod): Pod {
  const containers = withResources(next.spec.containers, previous.spec.containers);
  const initContainers = withResources(next.spec.initContainers ?? [], previous.spec.initContainers ?? []);
  if (containers === undefined || initContainers === undefined) return next;
  const { resources: _replaced, ...kept } = previous.spec;
  const { resources } = next.spec;
  const spec: core.PodSpec = { ...kept, ...(resources === undefined ? {} : { resources }), containers };
  if (initContainers.length > 0) spec.initContainers = initContainers;
  return { ...withMetadataOf(next, previous), spec };
}
function withResources(next: readonly core.Container[], previous: readonly core.Container[]): core.Container[] | undefined {
  if (next.length !== previous.length) return undefined;
  if (next.some(({ name }, index) => name !== previous[index]?.name)) return [...next];
  return previous.map((container, index) => {
    const { resources: _resources, resizePolicy: _policy, ...rest } = container;
    const { resources, resizePolicy } = next[index] ?? {};
    return { ...rest, ...(resources === undefined ? {} : { resources }), ...(resizePolicy === undefined ? {} : { resizePolicy }) };
  });
}

function withMetadataOf(next: Pod, previous: Pod): Pod {
  const { resourceVersion, managedFields } = next.metadata;
  const metadata = { ...previous.metadata, resourceVersion, managedFields };
  return { ...withoutStatus(previous), metadata, status: previous.status ?? {} };
}

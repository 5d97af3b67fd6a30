import type { Job } from '../../../kube/api/generated/batch/v1.ts';
import type { Container, Pod } from '../../../kube/api/generated/core/v1.ts';
import { parseTime } from '../../../kube/apimachinery/time.ts';
import { podFromTemplate } from '../pod-control.ts';

export const JOB_TRACKING = 'batch.kubernetes.io/job-tracking';
export const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index';
const INDEX_FAILURE_COUNT = 'batch.kubernetes.io/job-index-failure-count';

export function isIndexed({ spec }: Job): boolean {
  return spec.completionMode === 'Indexed';
}

export function completionIndex({ metadata }: Pod): number | undefined {
  const text = metadata.annotations?.[COMPLETION_INDEX];
  return text === undefined ? undefined : Number(text);
}

export function indexFailureCount({ metadata }: Pod): number {
  return Number(metadata.annotations?.[INDEX_FAILURE_COUNT] ?? 0);
}

export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(JOB_TRACKING) ?? false;
}

/** When the last of its containers stopped. */
export function finishedMs(pod: Pod): number | undefined {
  const times = (pod.status?.containerStatuses ?? []).flatMap(({ state }) => parseTime(state?.terminated?.finishedAt) ?? []);
  if (times.length > 0) return Math.max(...times);
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  return parseTime(ready?.lastTransitionTime) ?? parseTime(pod.metadata.creationTimestamp);
}

export function newJobPod(job: Job, options: { readonly index?: number; readonly failures?: number }): Pod {
  const pod = podFromTemplate(job.spec.template, job);
  const { index } = options;
  const finalizers = [...(pod.metadata.finalizers ?? []), JOB_TRACKING];
  if (index === undefined) return { ...pod, metadata: { ...pod.metadata, finalizers } };
  const perIndex = job.spec.backoffLimitPerIndex !== undefined;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      finalizers,
      generateName: `${job.metadata.name}-${index}-`,
      labels: { ...pod.metadata.labels, [COMPLETION_INDEX]: String(index) },
      annotations: { ...pod.metadata.annotations, [COMPLETION_INDEX]: String(index), ...(perIndex && { [INDEX_FAILURE_COUNT]: String(options.failures ?? 0) }) },
    },
    spec: {
      ...pod.spec,
      hostname: pod.spec.hostname ?? `${job.metadata.name}-${index}`,
      containers: pod.spec.containers.map(withIndex),
      ...(pod.spec.initContainers && { initContainers: pod.spec.initContainers.map(withIndex) }),
    },
  };
}

function withIndex(container: Container): Container {
  const env = container.env ?? [];
  if (env.some(({ name }) => name === 'JOB_COMPLETION_INDEX')) return container;
  const fieldRef = { fieldPath: `metadata.labels['${COMPLETION_INDEX}']` };
  return { ...container, env: [...env, { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef } }] };
}

import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../../../../kube/api/generated/apps/v1.ts';
import type { Scale } from '../../../../kube/api/generated/autoscaling/v1.ts';
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget, MetricValueStatus } from '../../../../kube/api/generated/autoscaling/v2.ts';
import type { CronJob, Job } from '../../../../kube/api/generated/batch/v1.ts';
import type { PodDisruptionBudget } from '../../../../kube/api/generated/policy/v1.ts';
import { humanDuration } from '../../../../kube/apimachinery/duration.ts';
import { formatLabelSelector, formatLabelSelectorSpec, requirementsOf } from '../../../../kube/apimachinery/label-selector.ts';
import { parseTime } from '../../../../kube/apimachinery/time.ts';
import { AGE, age, containerCells, CONTAINERS, formatLabels, IMAGES, NAME, NONE, type PrintContext, printer, since, UNKNOWN, UNSET } from './printer.ts';

export const deploymentPrinter = printer<Deployment>({
  columns: [
    NAME, 'Ready|string|0|Number of the pod with ready state', 'Up-to-date|string|0|@apps/v1.DeploymentStatus.updatedReplicas',
    'Available|string|0|@apps/v1.DeploymentStatus.availableReplicas', AGE, CONTAINERS, IMAGES, 'Selector|string|1|@apps/v1.DeploymentSpec.selector',
  ],
  cells: (object, context) => [
    object.metadata.name, `${object.status?.readyReplicas ?? 0}/${object.spec.replicas ?? 0}`, object.status?.updatedReplicas ?? 0,
    object.status?.availableReplicas ?? 0, age(object, context), ...containerCells(object.spec.template), formatLabelSelector(requirementsOf(object.spec.selector) ?? []),
  ],
});

export const replicaSetPrinter = printer<ReplicaSet>({
  columns: [
    NAME, 'Desired|integer|0|@apps/v1.ReplicaSetSpec.replicas', 'Current|integer|0|@apps/v1.ReplicaSetStatus.replicas',
    'Ready|integer|0|@apps/v1.ReplicaSetStatus.readyReplicas', AGE, CONTAINERS, IMAGES, 'Selector|string|1|@apps/v1.ReplicaSetSpec.selector',
  ],
  cells: (object, context) => [
    object.metadata.name, object.spec.replicas ?? 0, object.status?.replicas ?? 0, object.status?.readyReplicas ?? 0, age(object, context),
    ...containerCells(object.spec.template), formatLabelSelectorSpec(object.spec.selector),
  ],
});

export const statefulSetPrinter = printer<StatefulSet>({
  columns: [NAME, 'Ready|string|0|Number of the pod with ready state', AGE, CONTAINERS, IMAGES],
  cells: (object, context) => [
    object.metadata.name, `${object.status?.readyReplicas ?? 0}/${object.spec.replicas ?? 0}`, age(object, context), ...containerCells(object.spec.template),
  ],
});

export const daemonSetPrinter = printer<DaemonSet>({
  columns: [
    NAME, 'Desired|integer|0|@apps/v1.DaemonSetStatus.desiredNumberScheduled', 'Current|integer|0|@apps/v1.DaemonSetStatus.currentNumberScheduled',
    'Ready|integer|0|@apps/v1.DaemonSetStatus.numberReady', 'Up-to-date|integer|0|@apps/v1.DaemonSetStatus.updatedNumberScheduled',
    'Available|integer|0|@apps/v1.DaemonSetStatus.numberAvailable', 'Node Selector|string|0|@core/v1.PodSpec.nodeSelector', AGE, CONTAINERS, IMAGES,
    'Selector|string|1|@apps/v1.DaemonSetSpec.selector',
  ],
  cells: (object, context) => [
    object.metadata.name, object.status?.desiredNumberScheduled ?? 0, object.status?.currentNumberScheduled ?? 0, object.status?.numberReady ?? 0,
    object.status?.updatedNumberScheduled ?? 0, object.status?.numberAvailable ?? 0, formatLabels(object.spec.template?.spec?.nodeSelector),
    age(object, context), ...containerCells(object.spec.template), formatLabelSelectorSpec(object.spec.selector),
  ],
});

function controllerName({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  if (!owner) return NONE;
  const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : '';
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
}

export const controllerRevisionPrinter = printer<ControllerRevision>({
  columns: [NAME, 'Controller|string|0|Controller of the object', 'Revision|string|0|@apps/v1.ControllerRevision.revision', AGE],
  cells: (object, context) => [object.metadata.name, controllerName(object), object.revision ?? 0, age(object, context)],
});

function jobStatus({ metadata, status }: Job): string {
  const has = (type: string): boolean => status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running';
}

function jobCompletions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec.completions !== undefined && spec.completions !== null) return `${succeeded}/${spec.completions}`;
  return (spec.parallelism ?? 0) > 1 ? `${succeeded}/1 of ${spec.parallelism}` : `${succeeded}/1`;
}

function jobDuration({ status }: Job, { nowMs }: PrintContext): string {
  const start = parseTime(status?.startTime);
  return start === undefined ? '' : humanDuration((parseTime(status?.completionTime) ?? nowMs) - start);
}

export const jobPrinter = printer<Job>({
  columns: [
    NAME, 'Status|string|0|Status of the job.', 'Completions|string|0|@batch/v1.JobStatus.succeeded', 'Duration|string|0|Time required to complete the job.',
    AGE, CONTAINERS, IMAGES, 'Selector|string|1|@batch/v1.JobSpec.selector',
  ],
  cells: (job, context) => [
    job.metadata.name, jobStatus(job), jobCompletions(job), jobDuration(job, context), age(job, context), ...containerCells(job.spec.template),
    formatLabelSelectorSpec(job.spec.selector),
  ],
});

export const cronJobPrinter = printer<CronJob>({
  columns: [
    NAME, 'Schedule|string|0|@batch/v1.CronJobSpec.schedule', 'Timezone|string|0|@batch/v1.CronJobSpec.timeZone', 'Suspend|boolean|0|@batch/v1.CronJobSpec.suspend',
    'Active|integer|0|@batch/v1.CronJobStatus.active', 'Last Schedule|string|0|@batch/v1.CronJobStatus.lastScheduleTime', AGE, CONTAINERS, IMAGES,
    'Selector|string|1|@batch/v1.JobSpec.selector',
  ],
  cells({ metadata, spec, status, ...rest }, context) {
    const suspend = spec.suspend === undefined ? UNSET : spec.suspend ? 'True' : 'False';
    const last = status?.lastScheduleTime ? since(status.lastScheduleTime, context) : NONE;
    const jobSpec = spec.jobTemplate?.spec;
    return [
      metadata.name, spec.schedule, spec.timeZone ?? NONE, suspend, status?.active?.length ?? 0, last, age({ metadata, ...rest }, context),
      ...containerCells(jobSpec?.template), formatLabelSelectorSpec(jobSpec?.selector),
    ];
  },
});

export const podDisruptionBudgetPrinter = printer<PodDisruptionBudget>({
  columns: [
    NAME, 'Min Available|string|0|The minimum number of pods that must be available.', 'Max Unavailable|string|0|The maximum number of pods that may be unavailable.',
    'Allowed Disruptions|integer|0|Calculated number of pods that may be disrupted at this time.', AGE,
  ],
  cells: (object, context) => [
    object.metadata.name, String(object.spec.minAvailable ?? 'N/A'), String(object.spec.maxUnavailable ?? 'N/A'), object.status?.disruptionsAllowed ?? 0,
    age(object, context),
  ],
});

function targetText(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? UNKNOWN}/${target.averageValue}`;
  if (target?.averageUtilization !== undefined) return `${current?.averageUtilization === undefined ? UNKNOWN : `${current.averageUtilization}%`}/${target.averageUtilization}%`;
  return `${current?.value ?? UNKNOWN}/${target?.value ?? UNKNOWN}`;
}

function metricText(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case 'External': {
      const average = spec.external?.target.averageValue !== undefined ? ' (avg)' : '';
      return `${targetText(spec.external?.target, status?.external?.current)}${average}`;
    }
    case 'Pods':
      return targetText(spec.pods?.target, status?.pods?.current);
    case 'Object':
      return `${targetText(spec.object?.target, status?.object?.current)}${spec.object?.target.averageValue !== undefined ? ' (avg)' : ''}`;
    case 'Resource':
      return `${spec.resource?.name}: ${targetText(spec.resource?.target, status?.resource?.current)}`;
    case 'ContainerResource':
      return `${spec.containerResource?.name}: ${targetText(spec.containerResource?.target, status?.containerResource?.current)}`;
    default:
      return '<unknown type>';
  }
}

function metricsText({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec.metrics ?? [];
  if (metrics.length === 0) return NONE;
  const shown = metrics.slice(0, 2).map((metric, index) => metricText(metric, status?.currentMetrics?.[index])).join(', ');
  return metrics.length > 2 ? `${shown} + ${metrics.length - 2} more...` : shown;
}

export const horizontalPodAutoscalerPrinter = printer<HorizontalPodAutoscaler>({
  columns: [
    NAME, 'Reference|string|0|@autoscaling/v2.HorizontalPodAutoscalerSpec.scaleTargetRef', 'Targets|string|0|@autoscaling/v2.HorizontalPodAutoscalerSpec.metrics',
    'MinPods|string|0|@autoscaling/v2.HorizontalPodAutoscalerSpec.minReplicas', 'MaxPods|string|0|@autoscaling/v2.HorizontalPodAutoscalerSpec.maxReplicas',
    'Replicas|string|0|@autoscaling/v2.HorizontalPodAutoscalerStatus.currentReplicas', AGE,
  ],
  cells: (object, context) => [
    object.metadata.name, `${object.spec.scaleTargetRef.kind}/${object.spec.scaleTargetRef.name}`, metricsText(object), String(object.spec.minReplicas ?? UNSET),
    object.spec.maxReplicas, object.status?.currentReplicas ?? 0, age(object, context),
  ],
});

export const scalePrinter = printer<Scale>({
  columns: [
    'Name|string|0|@meta/v1.ObjectMeta.name', 'Desired|integer|0|@autoscaling/v1.ScaleSpec.replicas', 'Available|integer|0|@autoscaling/v1.ScaleStatus.replicas', AGE,
  ],
  cells: (object, context) => [object.metadata.name, object.spec.replicas ?? 0, object.status?.replicas ?? 0, age(object, context)],
});

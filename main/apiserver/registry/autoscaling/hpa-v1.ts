import * as v1 from '../../../../kube/api/generated/autoscaling/v1.ts';
import type * as v2 from '../../../../kube/api/generated/autoscaling/v2.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import type { AlternativeVersion } from '../generic/resource-definition.ts';
import { sizeOf } from '../validation/values.ts';

/** autoscaling/v1 knows a CPU target only; the rest of v2 travels in annotations (upstream: pkg/apis/autoscaling/v1/conversion.go). */
const METRICS = 'autoscaling.alpha.kubernetes.io/metrics';
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior';
const ROUND_TRIP = [METRICS, BEHAVIOR, 'autoscaling.alpha.kubernetes.io/current-metrics', 'autoscaling.alpha.kubernetes.io/conditions'];
type Json = Record<string, unknown>;

export const autoscalingV1: AlternativeVersion<v2.HorizontalPodAutoscaler> = {
  resource: v1.horizontalpodautoscalers,
  applyDefaults: (obj) => {
    const { spec } = obj as v1.HorizontalPodAutoscaler;
    if (spec !== undefined) spec.minReplicas ??= 1;
  },
  toStorage,
  fromStorage,
};

function isCpuUtilization({ type, resource }: v2.MetricSpec): boolean {
  return type === 'Resource' && resource?.name === 'cpu' && resource.target.averageUtilization !== undefined;
}

function toStorage(obj: KubernetesObject): v2.HorizontalPodAutoscaler {
  const { metadata, spec, status } = obj as v1.HorizontalPodAutoscaler;
  const annotations = { ...metadata.annotations };
  const metrics = parse<Json[]>(annotations[METRICS])?.map(metricToV2) ?? [];
  const behavior = parse<Json>(annotations[BEHAVIOR]);
  for (const key of ROUND_TRIP) delete annotations[key];
  const { targetCPUUtilizationPercentage: percent, ...rest } = spec ?? ({} as v1.HorizontalPodAutoscalerSpec);
  if (percent !== undefined) {
    metrics.unshift({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: percent } } });
  }
  const { currentCPUUtilizationPercentage: _cpu, ...otherStatus } = status ?? ({} as v1.HorizontalPodAutoscalerStatus);
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: withAnnotations(metadata, annotations),
    spec: {
      ...rest,
      ...(metrics.length === 0 ? {} : { metrics }),
      ...(behavior === undefined ? {} : { behavior: lowerKeys(behavior) as v2.HorizontalPodAutoscalerBehavior }),
    },
    status: otherStatus as v2.HorizontalPodAutoscalerStatus,
  };
}

function fromStorage({ metadata, spec, status }: v2.HorizontalPodAutoscaler): v1.HorizontalPodAutoscaler {
  const { metrics = [], behavior, ...rest } = spec;
  const cpu = metrics.find(isCpuUtilization)?.resource?.target.averageUtilization;
  const others = metrics.filter((metric) => !isCpuUtilization(metric)).map(metricToV1);
  const annotations = { ...metadata.annotations };
  for (const key of ROUND_TRIP) delete annotations[key];
  if (others.length > 0) annotations[METRICS] = JSON.stringify(others);
  if (behavior !== undefined) annotations[BEHAVIOR] = JSON.stringify(internalBehavior(behavior));
  const { conditions: _conditions, currentMetrics, ...otherStatus } = status ?? ({} as v2.HorizontalPodAutoscalerStatus);
  const current = currentMetrics?.find(({ type, resource }) => type === 'Resource' && resource?.name === 'cpu')?.resource?.current.averageUtilization;
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: withAnnotations(metadata, annotations),
    spec: { ...rest, ...(cpu === undefined ? {} : { targetCPUUtilizationPercentage: cpu }) },
    status: {
      ...otherStatus,
      currentReplicas: otherStatus.currentReplicas ?? 0,
      desiredReplicas: otherStatus.desiredReplicas ?? 0,
      ...(current === undefined ? {} : { currentCPUUtilizationPercentage: current }),
    },
  };
}

function withAnnotations(metadata: KubernetesObject['metadata'], annotations: Record<string, string>): KubernetesObject['metadata'] {
  const { annotations: _replaced, ...rest } = metadata;
  return sizeOf(annotations) === 0 ? rest : { ...rest, annotations };
}

function parse<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    // Upstream ignores an annotation that it cannot read.
    return undefined;
  }
}

function internalBehavior({ scaleUp, scaleDown }: v2.HorizontalPodAutoscalerBehavior): Json {
  const rules = (value: v2.HPAScalingRules | undefined) =>
    value === undefined
      ? null
      : {
          StabilizationWindowSeconds: value.stabilizationWindowSeconds ?? null,
          SelectPolicy: value.selectPolicy ?? null,
          Policies: value.policies?.map(({ type, value: amount, periodSeconds }) => ({ Type: type, Value: amount, PeriodSeconds: periodSeconds })) ?? null,
          Tolerance: value.tolerance ?? null,
        };
  return { ScaleUp: rules(scaleUp), ScaleDown: rules(scaleDown) };
}

function lowerKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(entries.map(([key, member]) => [`${key.slice(0, 1).toLowerCase()}${key.slice(1)}`, lowerKeys(member)]));
}

/** The annotation has the flat shape of v2beta1. */
function metricToV1(metric: v2.MetricSpec): Json {
  const { type, object, pods, resource, containerResource, external } = metric;
  if (pods !== undefined) {
    return { type, pods: defined({ metricName: pods.metric.name, targetAverageValue: pods.target.averageValue, selector: pods.metric.selector }) };
  }
  if (object !== undefined) {
    const { metric: id, target } = object;
    const values = { targetValue: target.value ?? '0', selector: id.selector, averageValue: target.averageValue };
    return { type, object: defined({ target: object.describedObject, metricName: id.name, ...values }) };
  }
  if (external !== undefined) {
    const { metric: id, target } = external;
    return { type, external: defined({ metricName: id.name, metricSelector: id.selector, targetValue: target.value, targetAverageValue: target.averageValue }) };
  }
  const source = resource ?? containerResource;
  const values = { targetAverageUtilization: source?.target.averageUtilization, targetAverageValue: source?.target.averageValue };
  if (resource !== undefined) return { type, resource: defined({ name: resource.name, ...values }) };
  return { type, containerResource: defined({ name: containerResource?.name, ...values, container: containerResource?.container }) };
}
function defined(value: Json): Json {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

function metricToV2(metric: Json): v2.MetricSpec {
  const field = ['object', 'pods', 'resource', 'containerResource', 'external'].find((name) => metric[name] !== undefined);
  const source = (field === undefined ? {} : metric[field]) as Record<string, never>;
  const utilization = source['targetAverageUtilization'] as number | undefined;
  const average = (source['targetAverageValue'] ?? source['averageValue']) as string | undefined;
  const value = source['targetValue'] as string | undefined;
  const target = defined({
    type: utilization === undefined ? (average === undefined ? 'Value' : 'AverageValue') : 'Utilization',
    averageUtilization: utilization,
    averageValue: average,
    value: average === undefined ? value : undefined,
  });
  const id = defined({ name: source['metricName'], selector: source['metricSelector'] ?? source['selector'] });
  const body = defined({ name: source['name'], container: source['container'], describedObject: field === 'object' ? source['target'] : undefined, target });
  if (field === 'object' || field === 'pods' || field === 'external') body['metric'] = id;
  return { type: metric['type'], ...(field === undefined ? {} : { [field]: body }) } as unknown as v2.MetricSpec;
}

import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import type { HorizontalPodAutoscaler, MetricIdentifier, MetricSpec, MetricStatus, MetricTarget, MetricValueStatus } from '../../../kube/api/generated/autoscaling/v2.ts';
import { formatLabelSelector, type LabelSelectorSpec, requirementsOf } from '../../../kube/apimachinery/label-selector.ts';
import { formatQuantity, parseQuantity, quantityFromMilliValue, quantityMilliValue, type QuantityFormat } from '../../../kube/apimachinery/quantity.ts';
import { explained, MetricError } from './metric-error.ts';
import type { MetricsClient } from './metrics-client.ts';
import { computeAverageReplicas, computeSharedReplicas, computeShareReplicas, computeUtilizationReplicas, type PodUsage, type Proposal, type Tolerances } from './replica-calculator.ts';

/** Upstream: --horizontal-pod-autoscaler-tolerance. */
const TOLERANCE = 0.1;

export interface MetricQuestion {
  readonly autoscaler: HorizontalPodAutoscaler;
  /** The text of the scale's selector, and the pods that it selects. */
  readonly selector: string;
  readonly pods: readonly Pod[];
  readonly specReplicas: number;
  readonly statusReplicas: number;
  readonly nowMs: number;
}

export interface MetricProposal {
  readonly replicas: number;
  /** Named in events: `cpu resource utilization (percentage of request)`. */
  readonly metric: string;
  readonly status: MetricStatus;
}

/** A question with what every kind of metric needs to answer it. */
interface Inquiry extends MetricQuestion {
  readonly client: MetricsClient;
  readonly signal: AbortSignal;
  readonly tolerances: Tolerances;
  readonly namespace: string;
}

/** The reason of ScalingActive when a metric of this type cannot be had. */
export const FAILURE_REASONS: Readonly<Record<string, string>> = {
  Object: 'FailedGetObjectMetric',
  Pods: 'FailedGetPodsMetric',
  Resource: 'FailedGetResourceMetric',
  ContainerResource: 'FailedGetContainerResourceMetric',
  External: 'FailedGetExternalMetric',
};

/** How the failure of one metric is introduced among those of several. */
export function failurePrefix({ type, resource, containerResource, external }: MetricSpec): string {
  if (type === 'Resource') return `failed to get ${resource?.name} resource metric value`;
  if (type === 'ContainerResource') return `failed to get ${containerResource?.container} container metric value`;
  if (type === 'External') return `failed to get ${external?.metric.name} external metric value`;
  return `failed to get ${type.toLowerCase()} metric value`;
}

/** The count that one metric asks for (upstream: computeReplicasForMetric). Throws MetricError, or the StatusError of a server that refuses. */
export async function proposeReplicas(spec: MetricSpec, question: MetricQuestion, { client, signal }: { readonly client: MetricsClient; readonly signal: AbortSignal }): Promise<MetricProposal> {
  const { autoscaler } = question;
  const inquiry: Inquiry = { ...question, client, signal, tolerances: tolerancesOf(autoscaler), namespace: autoscaler.metadata.namespace ?? '' };
  if (spec.resource !== undefined && spec.type === 'Resource') return fromResource({ ...spec.resource, container: '' }, inquiry);
  if (spec.containerResource !== undefined && spec.type === 'ContainerResource') return fromResource(spec.containerResource, inquiry);
  if (spec.pods !== undefined && spec.type === 'Pods') return fromPods(spec.pods, inquiry);
  if (spec.object !== undefined && spec.type === 'Object') return fromObject(spec.object, inquiry);
  if (spec.external !== undefined && spec.type === 'External') return fromExternal(spec.external, inquiry);
  throw new MetricError(`unknown metric source type ${JSON.stringify(spec.type)}`);
}

function tolerancesOf({ spec }: HorizontalPodAutoscaler): Tolerances {
  const { scaleUp, scaleDown } = spec.behavior ?? {};
  const ratio = (text: string | undefined): number => (text === undefined ? TOLERANCE : Number(parseQuantity(text).nano) / 1e9);
  return { scaleUp: ratio(scaleUp?.tolerance), scaleDown: ratio(scaleDown?.tolerance) };
}

async function fromResource({ name, container, target }: { readonly name: string; readonly container: string; readonly target: MetricTarget }, inquiry: Inquiry): Promise<MetricProposal> {
  if (target.averageValue === undefined && target.averageUtilization === undefined) {
    throw new MetricError('invalid resource metric source: neither an average utilization target nor an average value (usage) target was set');
  }
  const proposal = await explained(`failed to get ${name} ${target.averageValue === undefined ? 'utilization' : 'usage'}`, async () => {
    const metrics = await explained(`unable to get metrics for resource ${name}`, () =>
      inquiry.client.resource({ resource: name, container, namespace: inquiry.namespace, selector: inquiry.selector }, inquiry.signal),
    );
    const usage = podUsage(inquiry, { metrics, resource: name });
    if (target.averageValue !== undefined) return computeAverageReplicas(usage, milliOf(target.averageValue));
    return computeUtilizationReplicas(usage, { percent: target.averageUtilization ?? 0, container });
  });
  const averageValue = quantityText(proposal.usage, name === 'memory' ? 'BinarySI' : 'DecimalSI');
  const current: MetricValueStatus = { averageValue, ...(proposal.utilization !== undefined && { averageUtilization: proposal.utilization }) };
  const kind = container === '' ? 'resource' : 'container resource';
  const metric = proposal.utilization === undefined ? `${name} resource` : `${name} ${kind} utilization (percentage of request)`;
  const status: MetricStatus = container === '' ? { type: 'Resource', resource: { name, current } } : { type: 'ContainerResource', containerResource: { name, container, current } };
  return { replicas: proposal.replicas, metric, status };
}

async function fromPods({ metric, target }: { readonly metric: MetricIdentifier; readonly target: MetricTarget }, inquiry: Inquiry): Promise<MetricProposal> {
  const metrics = await explained(`unable to get metric ${metric.name}`, () =>
    inquiry.client.pods({ metric: metric.name, metricSelector: selectorText(metric.selector), namespace: inquiry.namespace, selector: inquiry.selector }, inquiry.signal),
  );
  const { replicas, usage } = computeAverageReplicas(podUsage(inquiry, { metrics, resource: '' }), milliOf(target.averageValue ?? '0'));
  return { replicas, metric: `pods metric ${metric.name}`, status: { type: 'Pods', pods: { metric: identifier(metric), current: { averageValue: quantityText(usage) } } } };
}

async function fromObject(source: NonNullable<MetricSpec['object']>, inquiry: Inquiry): Promise<MetricProposal> {
  const { describedObject, metric, target } = source;
  const average = averageTarget(target);
  if (average === undefined && target.value === undefined) throw new MetricError('invalid object metric source: neither a value target nor an average value target was set');
  const read = async (): Promise<Proposal> => {
    // Upstream's words in upstream's order, which was meant otherwise.
    const what = `unable to get metric ${metric.name}: ${describedObject.kind} on ${inquiry.namespace} ${describedObject.name}`;
    const query = { metric: metric.name, metricSelector: selectorText(metric.selector), namespace: inquiry.namespace, object: describedObject };
    const usage = await explained(what, () => inquiry.client.object(query, inquiry.signal), '/');
    return fromOneValue(usage, target, inquiry);
  };
  const { replicas, usage } = average === undefined ? await read() : await explained(`failed to get ${metric.name} object metric`, read);
  const name = average === undefined ? `${describedObject.kind} metric ${metric.name}` : `external metric ${metric.name}(${describeSelector(metric.selector)})`;
  return { replicas, metric: name, status: { type: 'Object', object: { describedObject, metric: identifier(metric), current: valueStatus(usage, target) } } };
}

async function fromExternal({ metric, target }: { readonly metric: MetricIdentifier; readonly target: MetricTarget }, inquiry: Inquiry): Promise<MetricProposal> {
  const average = averageTarget(target);
  if (average === undefined && target.value === undefined) throw new MetricError('invalid external metric source: neither a value target nor an average value target was set');
  const what = average === undefined ? `failed to get external metric ${metric.name}` : `failed to get ${metric.name} external metric`;
  const described = describeSelector(metric.selector);
  const { replicas, usage } = await explained(what, async () => {
    const values = await explained(`unable to get external metric ${inquiry.namespace}/${metric.name}/${described}`, () =>
      inquiry.client.external({ metric: metric.name, metricSelector: selectorText(metric.selector), namespace: inquiry.namespace }, inquiry.signal),
    );
    return fromOneValue(values.reduce((sum, value) => sum + value, 0), target, inquiry);
  });
  return { replicas, metric: `external metric ${metric.name}(${described})`, status: { type: 'External', external: { metric: identifier(metric), current: valueStatus(usage, target) } } };
}

function fromOneValue(usage: number, target: MetricTarget, { specReplicas, statusReplicas, pods, tolerances }: Inquiry): Proposal {
  const average = averageTarget(target);
  if (average !== undefined) return computeShareReplicas({ usage, target: milliOf(average) }, { statusReplicas, tolerances });
  return computeSharedReplicas({ usage, target: milliOf(target.value ?? '0') }, { pods, currentReplicas: specReplicas, tolerances });
}

function averageTarget({ type, averageValue }: MetricTarget): string | undefined {
  return type === 'AverageValue' ? averageValue : undefined;
}

function podUsage({ pods, specReplicas, tolerances, nowMs }: Inquiry, { metrics, resource }: Pick<PodUsage, 'metrics' | 'resource'>): PodUsage {
  return { pods, metrics, resource, currentReplicas: specReplicas, tolerances, nowMs };
}

function valueStatus(usage: number, target: MetricTarget): MetricValueStatus {
  return averageTarget(target) === undefined ? { value: quantityText(usage) } : { averageValue: quantityText(usage) };
}

function identifier({ name, selector }: MetricIdentifier): MetricIdentifier {
  return selector === undefined ? { name } : { name, selector };
}

/** An absent selector asks for nothing in particular. */
function selectorText(selector: LabelSelectorSpec | undefined): string {
  return formatLabelSelector(requirementsOf(selector) ?? []);
}

/** A selector as it reads in upstream's events (the Go text of a LabelSelector). */
function describeSelector(selector: LabelSelectorSpec | undefined): string {
  if (selector === undefined) return 'nil';
  const labels = Object.entries(selector.matchLabels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const matchLabels = labels.map(([key, value]) => `${key}: ${value},`).join('');
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`);
  return `&LabelSelector{MatchLabels:map[string]string{${matchLabels}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}

function milliOf(text: string): number {
  return quantityMilliValue(parseQuantity(text));
}

function quantityText(milli: number, format: QuantityFormat = 'DecimalSI'): string {
  return formatQuantity(quantityFromMilliValue(Math.trunc(milli), format));
}

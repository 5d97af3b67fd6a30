import type { CrossVersionObjectReference } from '../../../kube/api/generated/autoscaling/v2.ts';
import { parseDuration } from '../../../kube/apimachinery/duration.ts';
import type { Resource } from '../../../kube/apimachinery/gvr.ts';
import { parseApiVersion } from '../../../kube/apimachinery/gvr.ts';
import { parseQuantity, quantityMilliValue } from '../../../kube/apimachinery/quantity.ts';
import { parseTime } from '../../../kube/apimachinery/time.ts';
import type { Client } from '../../../kube/client/client.ts';
import { explained, MetricError } from './metric-error.ts';
import { findResources } from './scale-target.ts';

/** One pod's sample; `value` is in thousandths of the metric's unit. */
export interface PodMetric {
  readonly value: number;
  readonly timestampMs: number;
  readonly windowMs: number;
}
/** By the pod's name. */
export type PodMetrics = ReadonlyMap<string, PodMetric>;

interface ResourceMetrics {
  readonly metadata: { readonly name: string };
  readonly timestamp?: string;
  readonly window?: string;
  readonly containers?: readonly { readonly name: string; readonly usage?: Readonly<Record<string, string>> }[];
}
/** custom.metrics.k8s.io: the window is called `window` in v1beta1, `windowSeconds` in v1beta2. */
interface MetricValue {
  readonly describedObject?: { readonly name?: string };
  readonly value: string;
  readonly timestamp?: string;
  readonly window?: number;
  readonly windowSeconds?: number;
}

const podMetrics: Resource<ResourceMetrics> = { group: 'metrics.k8s.io', version: 'v1beta1', resource: 'pods', kind: 'PodMetrics', namespaced: true };
const CUSTOM_METRICS = 'custom.metrics.k8s.io';
const CUSTOM_VERSIONS = ['v1beta2', 'v1beta1'];
const DEFAULT_WINDOW_MS = 60_000;

/** The three metrics APIs, all of them served by aggregated servers or not at all (upstream: podautoscaler/metrics). */
export class MetricsClient {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** `container` empty: the sum over a pod's containers. */
  async resource(query: { readonly resource: string; readonly container: string; readonly namespace: string; readonly selector: string }, signal: AbortSignal): Promise<PodMetrics> {
    const { resource, container, namespace, selector } = query;
    const { items } = await explained('unable to fetch metrics from resource metrics API', () => this.#client.list(podMetrics, { namespace, labelSelector: selector, signal }));
    if (items.length === 0) throw new MetricError('no metrics returned from resource metrics API');
    const metrics = new Map<string, PodMetric>();
    for (const item of items) {
      const value = usageOf(item, { resource, container });
      if (value !== undefined) metrics.set(item.metadata.name, { value, timestampMs: parseTime(item.timestamp) ?? 0, windowMs: parseDuration(item.window ?? '0s') });
    }
    return metrics;
  }

  /** A custom metric of every selected pod. */
  async pods(query: { readonly metric: string; readonly metricSelector: string; readonly namespace: string; readonly selector: string }, signal: AbortSignal): Promise<PodMetrics> {
    const { metric, metricSelector, namespace, selector } = query;
    const items = await explained('unable to fetch metrics from custom metrics API', () =>
      this.#custom({ namespace, resource: 'pods', subresource: metric, name: '*', selector, metricSelector }, signal),
    );
    if (items.length === 0) throw new MetricError('no metrics returned from custom metrics API');
    return new Map(
      items.map((item) => {
        const seconds = item.windowSeconds ?? item.window;
        const windowMs = seconds === undefined ? DEFAULT_WINDOW_MS : seconds * 1000;
        return [item.describedObject?.name ?? '', { value: milliOf(item.value), timestampMs: parseTime(item.timestamp) ?? 0, windowMs }];
      }),
    );
  }

  /** A custom metric of one object, in thousandths. A namespace's own name is not asked for: an autoscaler never leaves its namespace. */
  async object(query: { readonly metric: string; readonly metricSelector: string; readonly namespace: string; readonly object: CrossVersionObjectReference }, signal: AbortSignal): Promise<number> {
    const { metric, metricSelector, namespace, object } = query;
    return explained('unable to fetch metrics from custom metrics API', async () => {
      const { group } = parseApiVersion(object.apiVersion ?? '');
      const isNamespace = object.kind === 'Namespace' && group === '';
      const resource = isNamespace ? 'metrics' : await this.#resourceName({ group, kind: object.kind }, signal);
      const path = isNamespace ? { resource, name: metric } : { resource, name: object.name, subresource: metric };
      const items = await this.#custom({ namespace, ...path, metricSelector }, signal);
      const [item] = items;
      if (item === undefined || items.length !== 1) throw new MetricError(`the custom metrics API server returned ${items.length} results when we asked for exactly one`);
      return milliOf(item.value);
    });
  }

  /** All values of an external metric, in thousandths. */
  async external(query: { readonly metric: string; readonly metricSelector: string; readonly namespace: string }, signal: AbortSignal): Promise<readonly number[]> {
    const { metric, metricSelector, namespace } = query;
    const resource: Resource<MetricValue> = { group: 'external.metrics.k8s.io', version: 'v1beta1', resource: metric, kind: 'ExternalMetricValue', namespaced: true };
    const options = { namespace, ...(metricSelector !== '' && { labelSelector: metricSelector }), signal };
    const { items } = await explained('unable to fetch metrics from external metrics API', () => this.#client.list(resource, options));
    if (items.length === 0) throw new MetricError('no metrics returned from external metrics API');
    return items.map(({ value }) => milliOf(value));
  }

  async #resourceName(kind: { readonly group: string; readonly kind: string }, signal: AbortSignal): Promise<string> {
    const name = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
    const [found] = await explained(`unable to map kind ${name} to resource`, () => findResources(this.#client, kind, signal));
    if (found === undefined) throw new MetricError(`unable to map kind ${name} to resource`);
    return found.group === '' ? found.resource : `${found.resource}.${found.group}`;
  }

  async #custom(
    target: { readonly namespace: string; readonly resource: string; readonly name: string; readonly subresource?: string; readonly selector?: string; readonly metricSelector: string },
    signal: AbortSignal,
  ): Promise<readonly MetricValue[]> {
    const { namespace, resource, name, subresource, selector = '', metricSelector } = target;
    const version = await this.#customVersion(signal);
    const query = new URLSearchParams({ ...(selector !== '' && { labelSelector: selector }), ...(metricSelector !== '' && { metricLabelSelector: metricSelector }) }).toString();
    const parts = ['', 'apis', CUSTOM_METRICS, version, 'namespaces', namespace, resource, name, ...(subresource === undefined ? [] : [subresource])];
    const path = `${parts.map((part) => encodeURIComponent(part).replace('%2A', '*')).join('/')}${query === '' ? '' : `?${query}`}`;
    const { items } = (await this.#client.raw({ method: 'GET', path, signal })) as { items?: readonly MetricValue[] };
    return items ?? [];
  }

  async #customVersion(signal: AbortSignal): Promise<string> {
    const { groups } = (await this.#client.raw({ method: 'GET', path: '/apis', signal })) as {
      groups: { name: string; preferredVersion?: { version: string }; versions: { version: string }[] }[];
    };
    const group = groups.find(({ name }) => name === CUSTOM_METRICS);
    if (group === undefined) throw new MetricError(`no custom metrics API (${CUSTOM_METRICS}) registered`);
    const served = [group.preferredVersion?.version, ...group.versions.map(({ version }) => version)];
    const version = served.find((candidate) => candidate !== undefined && CUSTOM_VERSIONS.includes(candidate));
    if (version === undefined) throw new MetricError('no known available metric versions found');
    return version;
  }
}

/** Undefined when the sample lacks what is asked for: the pod then counts as one without metrics. */
function usageOf({ containers = [] }: ResourceMetrics, { resource, container }: { readonly resource: string; readonly container: string }): number | undefined {
  const wanted = container === '' ? containers : containers.filter(({ name }) => name === container);
  if (wanted.length === 0) return undefined;
  let sum = 0;
  for (const { usage } of wanted) {
    const text = usage?.[resource];
    if (text === undefined) return undefined;
    sum += milliOf(text);
  }
  return sum;
}

function milliOf(text: string): number {
  return quantityMilliValue(parseQuantity(text));
}

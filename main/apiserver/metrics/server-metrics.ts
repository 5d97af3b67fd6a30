import { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import type { Store } from '../../etcd/store.ts';
import type { FlowControl } from '../flow-control/flow-control.ts';
import { registerFlowMetrics } from '../flow-control/flow-metrics.ts';
import type { ResourceCatalog } from '../registry/catalog.ts';
import { registerFeatures, registerProcessMetrics, registerRegistryMetrics } from './process-metrics.ts';
import { RequestMetrics } from './request-metrics.ts';
import { registerStorageMetrics } from './storage-metrics.ts';

export interface ServerMetricsOptions {
  readonly catalog: ResourceCatalog;
  readonly store: Store;
  readonly flow: FlowControl;
  /** The process's own, when other components add theirs. */
  readonly registry?: MetricsRegistry;
}

/** All metrics of one API server. */
export interface ServerMetrics {
  /** What /metrics shows. */
  readonly registry: MetricsRegistry;
  /** What /metrics/slis shows. */
  readonly slis: MetricsRegistry;
  readonly requests: RequestMetrics;
}

export function createServerMetrics({ catalog, store, flow, registry = new MetricsRegistry() }: ServerMetricsOptions): ServerMetrics {
  const slis = new MetricsRegistry();
  registerProcessMetrics(registry);
  registerFeatures(registry);
  registerRegistryMetrics(registry);
  registerStorageMetrics(registry, { catalog, store });
  registerFlowMetrics(registry, flow);
  const isServed = ({ apiGroup, apiVersion, resource, subresource }: { readonly apiGroup: string; readonly apiVersion: string; readonly resource: string; readonly subresource: string }): boolean => {
    const served = catalog.find(apiGroup, apiVersion, resource);
    return served !== undefined && (subresource === '' || served.subresources.has(subresource));
  };
  return { registry, slis, requests: new RequestMetrics(registry, isServed) };
}

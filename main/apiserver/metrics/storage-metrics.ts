import type { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import { formatGroupResource } from '../../../kube/apimachinery/status-errors.ts';
import type { Store } from '../../etcd/store.ts';
import type { ResourceCatalog } from '../registry/catalog.ts';

/** Objects by resource, read when somebody asks: of what has been listed or watched since the start, as the watch cache knows it. */
export function registerStorageMetrics(registry: MetricsRegistry, { catalog, store }: { readonly catalog: ResourceCatalog; readonly store: Store }): void {
  function* each(): Generator<{ readonly group: string; readonly resource: string; readonly count: number; readonly sizeBytes: number }> {
    for (const { resource: { group, resource }, storage } of catalog.registries()) {
      const statistics = storage.statistics();
      if (statistics) yield { group, resource, ...statistics };
    }
  }
  const gauge = (name: string, help: string, value: (of: { readonly count: number; readonly sizeBytes: number }) => number): void =>
    registry.collect('gauge', { name, stability: 'ALPHA', help, labels: ['group', 'resource'] }, function* () {
      for (const entry of each()) yield { labels: [entry.group, entry.resource], value: value(entry) };
    });
  gauge('apiserver_resource_objects', 'Stored objects.', ({ count }) => count);
  gauge('apiserver_resource_size_estimate_bytes', 'Bytes of the stored objects.', ({ sizeBytes }) => sizeBytes);
  registry.collect('gauge', { name: 'apiserver_storage_objects', stability: 'STABLE', help: 'Stored objects; apiserver_resource_objects has better labels.', labels: ['resource'] }, function* () {
    for (const entry of each()) yield { labels: [formatGroupResource(entry)], value: entry.count };
  });
  registry.collect('gauge', { name: 'apiserver_storage_revision', help: 'Revision of the store.' }, () => [{ value: store.revision }]);
}

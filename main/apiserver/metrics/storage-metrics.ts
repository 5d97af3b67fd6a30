import type { MetricDescription } from '../../../kube/apimachinery/metrics/metric-family.ts';
import type { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import { formatGroupResource } from '../../../kube/apimachinery/status-errors.ts';
import type { Store } from '../../etcd/store.ts';
import type { ResourceCatalog } from '../registry/catalog.ts';
import { READ_WAIT_BOUNDS } from '../storage/watch-cache.ts';
import type { CacheStatistics } from '../storage/object-storage.ts';

/** Objects by resource, read when somebody asks: of what has been listed or watched since the start, as the watch cache knows it. */
export function registerStorageMetrics(registry: MetricsRegistry, { catalog, store }: { readonly catalog: ResourceCatalog; readonly store: Store }): void {
  function* each(): Generator<CacheStatistics & { readonly group: string; readonly resource: string }> {
    for (const { resource: { group, resource }, storage } of catalog.registries()) {
      const statistics = storage.statistics();
      if (statistics) yield { group, resource, ...statistics };
    }
  }
  const collect = (type: 'gauge' | 'counter', { value, ...description }: Pick<MetricDescription, 'name' | 'help' | 'stability'> & { readonly value: (of: CacheStatistics) => number }): void =>
    registry.collect(type, { stability: 'ALPHA', labels: ['group', 'resource'], ...description }, function* () {
      for (const entry of each()) yield { labels: [entry.group, entry.resource], value: value(entry) };
    });
  collect('gauge', { name: 'apiserver_resource_objects', help: 'Stored objects.', value: ({ count }) => count });
  collect('gauge', { name: 'apiserver_resource_size_estimate_bytes', help: 'Bytes of the stored objects.', value: ({ sizeBytes }) => sizeBytes });
  collect('gauge', { name: 'apiserver_watch_cache_resource_version', help: 'How new the watch cache is, without what is above 15 digits.', value: ({ revision }) => revision % 1e15 });
  collect('counter', { name: 'apiserver_storage_events_received_total', stability: 'BETA', help: 'Events that the store has sent.', value: ({ received }) => received });
  collect('counter', { name: 'apiserver_watch_cache_events_received_total', help: 'Events that the watch cache has taken.', value: ({ received }) => received });
  collect('counter', { name: 'apiserver_watch_cache_events_dispatched_total', help: 'Events that watches were told.', value: ({ dispatched }) => dispatched });
  collect('counter', { name: 'apiserver_watch_cache_initializations_total', help: 'How often the watch cache was filled anew.', value: ({ initializations }) => initializations });
  collect('counter', { name: 'apiserver_init_events_total', help: 'Objects that the watch cache was filled with.', value: ({ initialObjects }) => initialObjects });
  collect('counter', { name: 'apiserver_cache_list_returned_objects_total', help: 'Objects in lists that the watch cache has answered.', value: ({ returnedObjects }) => returnedObjects });
  collect('counter', { name: 'apiserver_storage_list_total', help: 'Lists that the store has answered: to fill the watch cache, or of a state that it no longer has.', value: ({ storeLists }) => storeLists });
  collect('counter', { name: 'apiserver_storage_list_fetched_objects_total', help: 'Objects that were read from the store for lists.', value: ({ storeFetchedObjects }) => storeFetchedObjects });
  collect('counter', { name: 'apiserver_storage_list_evaluated_objects_total', help: 'Objects of the store that were looked at for lists.', value: ({ storeFetchedObjects }) => storeFetchedObjects });
  collect('counter', { name: 'apiserver_storage_list_returned_objects_total', help: 'Objects in lists that the store has answered.', value: ({ storeReturnedObjects }) => storeReturnedObjects });
  collect('gauge', { name: 'watch_cache_capacity', help: 'Changes that the watch cache keeps at most.', value: ({ capacity }) => capacity });
  registry.collect('histogram', { name: 'apiserver_watch_cache_read_wait_seconds', stability: 'ALPHA', help: 'Time that reads waited for the watch cache to be as new as they wanted it.', labels: ['group', 'resource'], bounds: READ_WAIT_BOUNDS }, function* () {
    for (const { group, resource, readWaits } of each()) if (readWaits.count > 0) yield { labels: [group, resource], value: readWaits };
  });
  const collectByIndex = (name: string, help: string, value: (of: CacheStatistics) => number): void =>
    registry.collect('counter', { name, help, stability: 'ALPHA', labels: ['group', 'index', 'resource'] }, function* () {
      for (const entry of each()) if (entry.lists > 0) yield { labels: [entry.group, '', entry.resource], value: value(entry) };
    });
  collectByIndex('apiserver_cache_list_total', 'Lists that the watch cache has answered.', ({ lists }) => lists);
  collectByIndex('apiserver_cache_list_fetched_objects_total', 'Objects that were looked at for lists.', ({ fetchedObjects }) => fetchedObjects);
  registry.collect('counter', { name: 'apiserver_watch_cache_consistent_read_total', stability: 'ALPHA', help: 'Lists as new as the store that the watch cache has answered.', labels: ['fallback', 'group', 'resource', 'success'] }, function* () {
    for (const entry of each()) if (entry.consistentLists > 0) yield { labels: ['false', entry.group, entry.resource, 'true'], value: entry.consistentLists };
  });
  registry.collect('gauge', { name: 'apiserver_storage_objects', stability: 'STABLE', help: 'Stored objects; apiserver_resource_objects has better labels.', labels: ['resource'] }, function* () {
    for (const entry of each()) yield { labels: [formatGroupResource(entry)], value: entry.count };
  });
  registry.collect('gauge', { name: 'apiserver_storage_revision', help: 'Revision of the store.' }, () => [{ value: store.revision }]);
}

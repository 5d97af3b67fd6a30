import { statSync } from 'node:fs';
import type { MetricsRegistry } from '../../kube/apimachinery/metrics/metrics-registry.ts';
import type { DataDirectory } from './data-directory.ts';

/** How large the store is on the disk, its log included. The label is the one by which dashboards know a store. */
export function registerStoreSize(metrics: MetricsRegistry, { store }: Pick<DataDirectory, 'store'>): void {
  const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  metrics.collect('gauge', { name: 'apiserver_storage_size_bytes', stability: 'STABLE', help: 'Bytes of the store on the disk.', labels: ['storage_cluster_id'] }, () => [{ labels: ['etcd-0'], value: sizeOf(store) + sizeOf(`${store}-wal`) + sizeOf(`${store}-redo`) }]);
}

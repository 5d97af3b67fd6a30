import type { ObjectMeta } from '../../../kube/apimachinery/object-meta.ts';
import { VirtualClock } from '../../../kube/apimachinery/virtual-clock.ts';
import { MemoryBackend } from '../../etcd/backend/memory.ts';
import { openMemoryStore } from '../../etcd/memory-store.ts';
import type { Store } from '../../etcd/store.ts';
import { jsonHead } from './json-head.ts';
import type { ObjectEvent, ObjectStorage, ObjectWatch } from './object-storage.ts';
import type { ObjectStorageOptions } from './object-storage-options.ts';
import { openObjectStorage } from './store-object-storage.ts';

/** An object of the tests: a pod of which only the node counts. */
export interface TestPod {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: { nodeName?: string; image?: string };
}
export const podHead = jsonHead({ apiVersion: 'v1', kind: 'Pod' });

export function pod(name: string, { namespace = 'default', labels, ...spec }: { namespace?: string; labels?: Record<string, string>; nodeName?: string; image?: string } = {}): TestPod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, uid: `uid-${name}`, ...(labels === undefined ? {} : { labels }) }, spec };
}

export interface TestStorage {
  readonly store: Store;
  readonly backend: MemoryBackend;
  readonly clock: VirtualClock;
  readonly pods: ObjectStorage<TestPod>;
  readonly stop: AbortController;
  dispose(): Promise<void>;
}

export async function openTestStorage(options: Partial<ObjectStorageOptions<TestPod>> = {}): Promise<TestStorage> {
  const clock = new VirtualClock();
  const backend = new MemoryBackend();
  const store = options.store ?? (await openMemoryStore({ clock, backend }));
  const stop = new AbortController();
  const pods = openObjectStorage<TestPod>({
    store,
    clock,
    resource: { group: '', resource: 'pods' },
    apiVersion: 'v1',
    kind: 'Pod',
    namespaced: true,
    resourcePrefix: 'pods',
    selectableFields: ({ spec }) => ({ 'spec.nodeName': spec.nodeName ?? '' }),
    indexedField: 'spec.nodeName',
    ...options,
  });
  const dispose = async (): Promise<void> => {
    stop.abort();
    await pods[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  };
  return { store, backend, clock, pods, stop, dispose };
}

/** `ADDED default/a@2`; a bookmark is `BOOKMARK @5` or `SYNCED @5`. */
export function eventLine(event: ObjectEvent<TestPod>): string {
  if (event.type === 'BOOKMARK') return `${event.initialEventsEnd ? 'SYNCED' : 'BOOKMARK'} @${event.resourceVersion}`;
  return `${event.type} ${event.stored.namespace}/${event.stored.name}@${event.stored.resourceVersion}`;
}

export async function takeEvents(watch: ObjectWatch<TestPod>, count: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of watch) {
    lines.push(...batch.map(eventLine));
    if (lines.length >= count) break;
  }
  return lines;
}

import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { Store } from '../../etcd/store.ts';
import type { LeaseManager } from './lease-manager.ts';
import type { StoreMeter } from './store-meter.ts';

export interface ObjectStorageOptions<T extends KubernetesObject> {
  readonly store: Store;
  readonly clock: Clock;
  /** As it stands in messages: `pods`, `deployments` of `apps`. */
  readonly resource: { readonly group: string; readonly resource: string };
  /** Of the storage version. Objects of another one found in the store go through `upgrade`. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Below /registry/, as upstream: `pods`, `services/specs`, `<group>/<plural>` for custom resources. */
  readonly resourcePrefix: string;
  /** Beyond metadata.name and metadata.namespace. */
  readonly selectableFields?: (object: T) => Readonly<Record<string, string>>;
  /** A field that most watches select by (spec.nodeName of pods): such watches then cost nothing for other values. */
  readonly indexedField?: string;
  /**
   * Turns what another server version stored into what this one serves: conversion to the storage version, new defaults. May change the
   * object in place and return it. Only for objects whose bytes do not begin with this storage version's head, and in the first list
   * after a start when `upgradeOnStart`.
   */
  readonly upgrade?: (object: KubernetesObject) => T;
  readonly upgradeOnStart?: boolean;
  /** Objects of other versions stay as they are and are handed out in the version they were stored in: whoever reads them converts. */
  readonly keepsVersions?: boolean;
  /**
   * How members stand in objects that are handed in. `struct` (default): in Go's order of fields, so kind and apiVersion come first.
   * `name`: by name at every depth, as Go writes custom resources.
   */
  readonly memberOrder?: 'struct' | 'name';
  /** Reads mean what they mean where upstream has no watch cache: a limit counts for resourceVersion 0 too, and a revision to come is refused at once. */
  readonly uncached?: boolean;
  /** Encryption at rest. Absent: plain. */
  readonly transformer?: ValueTransformer;
  /** Shared by all storages of a server, so that they share leases. Absent: one of its own. */
  readonly leases?: LeaseManager;
  /** Told of each request to the store. */
  readonly meter?: StoreMeter;
  /** Default true. Freezing costs some microseconds an object and catches whoever changes a shared one. */
  readonly freeze?: boolean;
}

/** What lies between an object's JSON and the bytes in the store. The key is authenticated data, so that values cannot be swapped. */
export interface ValueTransformer {
  toStorage(json: Uint8Array, key: string): Uint8Array;
  /** Throws InternalError when the value cannot be read. */
  fromStorage(value: Uint8Array, key: string): Uint8Array;
  /** Whether writing it anew would use the same key: else the next write does, though the object stays the same. */
  isCurrent(value: Uint8Array): boolean;
}

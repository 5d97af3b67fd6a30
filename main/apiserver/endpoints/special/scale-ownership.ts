import type { ManagedFieldsEntry } from '../../../../kube/apimachinery/object-meta.ts';
import { difference, fieldSetOf, hasPath, isEmptySet, type FieldSet } from '../../patch/apply/field-set.ts';
import { decodeManagedFields, encodeManagedFields, type Managed } from '../../patch/apply/managed-fields.ts';
import { fieldElement, type PathElement } from '../../patch/apply/path-element.ts';

/**
 * Who owns the replicas, seen from the scale subresource and from the object it belongs to (upstream: managedfields/scalehandler.go): one field under two
 * names, `spec.replicas` of autoscaling/v1 Scale and the replicas path of the object.
 */
export interface ScaledObject {
  /** Of the object, as stored. */
  readonly entries: readonly ManagedFieldsEntry[] | undefined;
  /** Of the request. */
  readonly apiVersion: string;
  /** Where an object of that version keeps its replicas; undefined for a version that is not known. */
  readonly pathIn: (apiVersion: string) => readonly string[] | undefined;
}

const SCALE_VERSION = 'autoscaling/v1';
const REPLICAS_OF_SCALE = ['spec', 'replicas'].map(fieldElement);

/** The owners of the replicas, as entries of the Scale. */
export function scaleEntriesOf({ entries, pathIn }: ScaledObject): ManagedFieldsEntry[] | undefined {
  const owners: Managed = new Map();
  for (const [identifier, entry] of decodeManagedFields(entries)) {
    const path = elementsOf(pathIn(entry.apiVersion));
    if (path && hasPath(entry.set, path)) owners.set(identifier, { ...entry, set: fieldSetOf(REPLICAS_OF_SCALE), apiVersion: SCALE_VERSION });
  }
  return encodeManagedFields(owners);
}

/** The object's entries after the Scale was written: who lost the replicas there loses them here. */
export function parentEntriesOf({ entries, apiVersion, pathIn }: ScaledObject, scaleEntries: readonly ManagedFieldsEntry[] | undefined): ManagedFieldsEntry[] | undefined {
  const owners = decodeManagedFields(scaleEntries);
  const kept: Managed = new Map();
  for (const [identifier, entry] of decodeManagedFields(entries)) {
    const path = elementsOf(pathIn(entry.apiVersion));
    if (!path) continue;
    const isOwner = owners.delete(identifier);
    const set = isOwner || !hasPath(entry.set, path) ? entry.set : without(entry.set, path);
    if (!isEmptySet(set)) kept.set(identifier, { ...entry, set });
  }
  const path = elementsOf(pathIn(apiVersion));
  for (const [identifier, entry] of owners) {
    // Upstream looks for the time among the object's own entries, and finds none.
    if (path && hasPath(entry.set, REPLICAS_OF_SCALE)) kept.set(identifier, { set: fieldSetOf(path), apiVersion, applied: entry.applied });
  }
  return encodeManagedFields(kept);
}

function without(set: FieldSet, path: readonly PathElement[]): FieldSet {
  return difference(set, fieldSetOf(path));
}

function elementsOf(path: readonly string[] | undefined): readonly PathElement[] | undefined {
  return path?.map(fieldElement);
}

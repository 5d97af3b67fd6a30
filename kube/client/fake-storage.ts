import type { Resource } from '../apimachinery/gvr.ts';
import { deepCopy, deepEqual, isJsonObject } from '../apimachinery/json.ts';
import type { KubernetesObject, WatchEvent } from '../apimachinery/object-meta.ts';
import { matchesFields, parseFieldSelector, type FieldRequirement } from '../apimachinery/field-selector.ts';
import { parseLabelSelector } from '../apimachinery/label-selector-parser.ts';
import { matchesLabels, type Requirement } from '../apimachinery/label-selector.ts';
import type { ListOptions } from './client.ts';
import { keyOf } from './resource-path.ts';

/** What the fake client remembers: objects with their history, so that a watch can start at an earlier version. */
export interface FakeChange {
  readonly revision: number;
  readonly resource: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubernetesObject;
  readonly previous?: KubernetesObject;
}

export interface Selection {
  readonly namespace?: string;
  readonly labels: readonly Requirement[];
  readonly fields: readonly FieldRequirement[];
}

export function selectionOf({ namespace, labelSelector = '', fieldSelector = '' }: ListOptions): Selection {
  return { namespace, labels: parseLabelSelector(labelSelector), fields: parseFieldSelector(fieldSelector) };
}

/** Any path of the object can be a field selector: `spec.nodeName`, `status.phase`. */
export function isSelected(object: KubernetesObject, { namespace, labels, fields }: Selection): boolean {
  if (namespace !== undefined && namespace !== '' && object.metadata.namespace !== namespace) return false;
  if (!matchesLabels(labels, object.metadata.labels)) return false;
  const values = Object.fromEntries(fields.map(({ field }) => [field, fieldText(object, field)]));
  return matchesFields(fields, values);
}

function fieldText(object: unknown, path: string): string {
  let value: unknown = object;
  for (const name of path.split('.')) value = isJsonObject(value) ? value[name] : undefined;
  return value === undefined || value === null ? '' : String(value);
}

/** The event a watcher with this selection sees: an object that starts to match is added, one that stops is deleted. */
export function eventFor(change: FakeChange, selection: Selection): WatchEvent<KubernetesObject> | undefined {
  const matches = isSelected(change.object, selection);
  const matched = change.previous !== undefined && isSelected(change.previous, selection);
  const object = deepCopy(change.object);
  if (change.type === 'DELETED') return matches || matched ? { type: 'DELETED', object } : undefined;
  if (matches) return { type: matched ? 'MODIFIED' : 'ADDED', object };
  return matched ? { type: 'DELETED', object } : undefined;
}

export class FakeStorage {
  readonly #objects = new Map<string, Map<string, KubernetesObject>>();
  readonly #changes: FakeChange[] = [];
  readonly #listeners = new Set<() => void>();
  #revision = 1;

  get revision(): number {
    return this.#revision;
  }

  get(resource: Resource<unknown>, key: string): KubernetesObject | undefined {
    return this.#objects.get(nameOf(resource))?.get(key);
  }

  list(resource: Resource<unknown>): readonly KubernetesObject[] {
    const objects = [...(this.#objects.get(nameOf(resource))?.values() ?? [])];
    return objects.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  changesSince(revision: number, resource: Resource<unknown>): readonly FakeChange[] {
    const name = nameOf(resource);
    return this.#changes.filter((change) => change.revision > revision && change.resource === name);
  }

  /** Stores a copy with a new resourceVersion and tells watchers; an update without a difference changes nothing. */
  put(resource: Resource<unknown>, object: KubernetesObject): KubernetesObject {
    const key = keyOf(object);
    const previous = this.get(resource, key);
    const unversioned = deepCopy(object);
    if (previous !== undefined && deepEqual({ ...unversioned, metadata: { ...unversioned.metadata, resourceVersion: previous.metadata.resourceVersion } }, previous)) {
      return previous;
    }
    this.#revision += 1;
    const stored: KubernetesObject = { ...unversioned, metadata: { ...unversioned.metadata, resourceVersion: String(this.#revision) } };
    const name = nameOf(resource);
    let objects = this.#objects.get(name);
    if (objects === undefined) this.#objects.set(name, (objects = new Map()));
    objects.set(key, stored);
    this.#record({ revision: this.#revision, resource: name, type: previous === undefined ? 'ADDED' : 'MODIFIED', object: stored, previous });
    return stored;
  }

  delete(resource: Resource<unknown>, key: string): void {
    const name = nameOf(resource);
    const previous = this.#objects.get(name)?.get(key);
    if (previous === undefined) return;
    this.#objects.get(name)?.delete(key);
    this.#revision += 1;
    const object = { ...previous, metadata: { ...previous.metadata, resourceVersion: String(this.#revision) } };
    this.#record({ revision: this.#revision, resource: name, type: 'DELETED', object, previous });
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  #record(change: FakeChange): void {
    this.#changes.push(change);
    for (const listener of this.#listeners) listener();
  }
}

function nameOf({ group, resource }: Resource<unknown>): string {
  return `${resource}.${group}`;
}

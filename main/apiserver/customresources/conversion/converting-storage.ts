import { goJson } from '../../../../kube/apimachinery/go-format.ts';
import type { FieldRequirement } from '../../../../kube/apimachinery/field-selector.ts';
import type { KubernetesObject, ObjectMeta } from '../../../../kube/apimachinery/object-meta.ts';
import { deepFreeze } from '../../../../kube/apimachinery/json.ts';
import type { ChangeEvent, ListQuery, ObjectEvent, ObjectName, ObjectStorage, ObjectWatch, Preconditions, ReadOptions, StoredList, StoredObject, WatchQuery, WriteOptions } from '../../storage/object-storage.ts';

export interface ObjectConversion {
  /** Into the version that is served here; frozen by the storage. Order is kept. */
  fromStorage(objects: readonly KubernetesObject[], signal?: AbortSignal): Promise<readonly KubernetesObject[]>;
  /** Into the version that is stored. */
  toStorage(object: KubernetesObject, signal?: AbortSignal): Promise<KubernetesObject>;
  /** What field selectors look at, in the served version; absent: the storage below knows. */
  readonly selectableFields?: (object: KubernetesObject) => Readonly<Record<string, string>>;
}

type Stored = StoredObject<KubernetesObject>;

/**
 * The objects of a custom resource in one served version, over the storage that all versions share: what is read is converted, what is
 * written is converted back (upstream gives each version a storage with a codec of its own). An object is converted once a version, as
 * long as the storage below keeps it. The bytes that answers are copied from are not those of this version: they are encoded anew.
 */
export class ConvertingStorage implements ObjectStorage {
  readonly #base: ObjectStorage;
  readonly #conversion: ObjectConversion;
  readonly #known = new WeakMap<Stored, ConvertedObject>();

  constructor(base: ObjectStorage, conversion: ObjectConversion) {
    this.#base = base;
    this.#conversion = conversion;
  }

  async create(object: KubernetesObject, options: WriteOptions = {}): Promise<Stored> {
    return this.#one(await this.#base.create(await this.#conversion.toStorage(object, options.signal), options), options.signal);
  }

  async get(target: ObjectName, options: ReadOptions = {}): Promise<Stored> {
    return this.#one(await this.#base.get(target, options), options.signal);
  }

  async guaranteedUpdate(
    target: ObjectName, change: (current: KubernetesObject) => KubernetesObject | Promise<KubernetesObject>, options: WriteOptions & { readonly preconditions?: Preconditions } = {},
  ): Promise<Stored> {
    const stored = await this.#base.guaranteedUpdate(target, async (current) => {
      const outside = await this.#object(current, options.signal);
      const next = await change(outside);
      return next === outside ? current : this.#conversion.toStorage(next, options.signal);
    }, options);
    return this.#one(stored, options.signal);
  }

  async delete(target: ObjectName, options: { preconditions?: Preconditions; validate?: (current: KubernetesObject) => void | Promise<void>; signal?: AbortSignal } = {}): Promise<Stored> {
    const { validate, ...others } = options;
    const stored = await this.#base.delete(target, { ...others, ...(validate ? { validate: async (current) => validate(await this.#object(current, options.signal)) } : {}) });
    return this.#one(stored, options.signal);
  }

  async list(query: ListQuery = {}): Promise<StoredList<KubernetesObject>> {
    const { own, query: below } = this.#split(query);
    if (own.length === 0) {
      const list = await this.#base.list(below);
      return { ...list, items: await this.#all(list.items, query.signal) };
    }
    // What is selected is known only after the conversion: a page may then be shorter than its limit.
    const list = await this.#base.list(below);
    const items = await this.#all(list.items, query.signal);
    const { remainingItemCount: _unknown, ...rest } = list;
    return { ...rest, items: items.filter((item) => this.#matches(item, own)) };
  }

  async watch(query: WatchQuery): Promise<ObjectWatch<KubernetesObject>> {
    const { own, query: below } = this.#split(query);
    if (own.length === 0) return this.#converted(await this.#base.watch(below), query.signal);
    const seen = new Set<string>();
    // What matched when the watch began, so that an object that ceases to match is told to go.
    const { resourceVersion } = query;
    const isState = query.sendInitialEvents ?? (resourceVersion === undefined || resourceVersion === '' || resourceVersion === '0');
    const events = await this.#base.watch(below);
    if (!isState) {
      const at = { resourceVersion: resourceVersion ?? '', resourceVersionMatch: 'Exact' as const };
      const before = await this.list({ ...query, ...at }).catch(() => this.list({ ...query, resourceVersion: '' }));
      for (const item of before.items) seen.add(keyOf(item));
    }
    return this.#selected(this.#converted(events, query.signal), own, seen);
  }

  count(): Promise<number> {
    return this.#base.count();
  }

  statistics(): ReturnType<ObjectStorage<KubernetesObject>['statistics']> {
    return this.#base.statistics();
  }

  /** The storage below belongs to somebody else. */
  async [Symbol.asyncDispose](): Promise<void> {}

  #split<Q extends ListQuery | WatchQuery>(query: Q): { readonly own: readonly FieldRequirement[]; readonly query: Q } {
    if (!this.#conversion.selectableFields || !query.fields?.length) return { own: [], query };
    const isBelow = ({ field }: FieldRequirement): boolean => field.startsWith('metadata.');
    return { own: query.fields.filter((requirement) => !isBelow(requirement)), query: { ...query, fields: query.fields.filter(isBelow) } };
  }

  #matches({ object }: Stored, requirements: readonly FieldRequirement[]): boolean {
    const fields = this.#conversion.selectableFields?.(object) ?? {};
    return requirements.every(({ field, operator, value }) => ((fields[field] ?? '') === value) === (operator === '='));
  }

  async *#converted(events: ObjectWatch<KubernetesObject>, signal: AbortSignal): AsyncGenerator<readonly ObjectEvent<KubernetesObject>[]> {
    for await (const batch of events) {
      const stored = batch.flatMap((event) => (event.type === 'BOOKMARK' ? [] : [event.stored]));
      const objects = (await this.#all(stored, signal))[Symbol.iterator]();
      yield batch.map((event) => (event.type === 'BOOKMARK' ? event : changeEvent(event.type, objects.next().value as Stored)));
    }
  }

  async *#selected(events: AsyncIterable<readonly ObjectEvent<KubernetesObject>[]>, own: readonly FieldRequirement[], seen: Set<string>): AsyncGenerator<readonly ObjectEvent<KubernetesObject>[]> {
    for await (const batch of events) {
      const selected = batch.flatMap((event): readonly ObjectEvent<KubernetesObject>[] => {
        if (event.type === 'BOOKMARK') return [event];
        const key = keyOf(event.stored);
        const before = seen.has(key);
        const now = event.type !== 'DELETED' && this.#matches(event.stored, own);
        if (now) seen.add(key);
        else seen.delete(key);
        if (now) return [changeEvent(before ? 'MODIFIED' : 'ADDED', event.stored)];
        return before ? [changeEvent('DELETED', event.stored)] : [];
      });
      if (selected.length > 0) yield selected;
    }
  }

  async #one(stored: Stored, signal: AbortSignal | undefined): Promise<Stored> {
    return (await this.#all([stored], signal))[0] as Stored;
  }

  async #all(items: readonly Stored[], signal: AbortSignal | undefined): Promise<readonly Stored[]> {
    const unknown = items.filter((item) => !this.#known.has(item));
    const objects = unknown.length === 0 ? [] : await this.#conversion.fromStorage(unknown.map(({ object }) => object), signal);
    for (const [index, item] of unknown.entries()) this.#known.set(item, new ConvertedObject(item.resourceVersion, deepFreeze(objects[index] as KubernetesObject)));
    return items.map((item) => this.#known.get(item) as ConvertedObject);
  }

  async #object(current: KubernetesObject, signal: AbortSignal | undefined): Promise<KubernetesObject> {
    return deepFreeze((await this.#conversion.fromStorage([current], signal))[0] as KubernetesObject);
  }
}

class ConvertedObject implements StoredObject<KubernetesObject> {
  readonly resourceVersion: string;
  readonly object: KubernetesObject;

  constructor(resourceVersion: string, object: KubernetesObject) {
    this.resourceVersion = resourceVersion;
    this.object = object;
  }

  get name(): string {
    return this.object.metadata.name;
  }
  get namespace(): string | undefined {
    return this.object.metadata.namespace;
  }
  get metadata(): ObjectMeta {
    return this.object.metadata;
  }
  json(): Uint8Array {
    return Buffer.from(goJson(this.object));
  }
  jsonSize(): number {
    return this.json().length;
  }
  copyJson(target: Uint8Array, { offset }: { readonly offset: number }): number {
    const bytes = this.json();
    target.set(bytes, offset);
    return offset + bytes.length;
  }
  metadataJsonSize(): number {
    return this.#metadataJson().length;
  }
  copyMetadataJson(target: Uint8Array, { offset }: { readonly offset: number }): number {
    const bytes = this.#metadataJson();
    target.set(bytes, offset);
    return offset + bytes.length;
  }
  encoded(_form: string, encode: (object: KubernetesObject) => Uint8Array): Uint8Array {
    return encode(this.object);
  }

  #metadataJson(): Uint8Array {
    const { kind, apiVersion, metadata } = this.object;
    return Buffer.from(goJson({ kind, apiVersion, metadata }));
  }
}

function changeEvent(type: ChangeEvent<KubernetesObject>['type'], stored: Stored): ChangeEvent<KubernetesObject> {
  return {
    type, stored,
    jsonFrame: () => Buffer.from(`${goJson({ type, object: stored.object })}\n`),
    jsonFrames: (head, batch) => Buffer.concat(batch.map((event) => event.jsonFrame(head))),
  };
}

function keyOf({ namespace = '', name }: { readonly namespace?: string | undefined; readonly name: string }): string {
  return `${namespace}/${name}`;
}

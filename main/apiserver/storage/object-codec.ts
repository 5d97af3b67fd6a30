import type { KubernetesObject, ObjectMeta } from '../../../kube/apimachinery/object-meta.ts';
import { identityTransformer } from './encryption/identity-transformer.ts';
import { type JsonHead, jsonHead } from './json-head.ts';
import type { ObjectStorageOptions, ValueTransformer } from './object-storage-options.ts';

/** The bytes of an object without the resourceVersion: `head`, then `tail`. */
export interface EncodedObject {
  /** Begins with the head of the storage version. */
  readonly json: Uint8Array;
  /** What goes into the Store: the same array, unless it is encrypted. */
  readonly value: Uint8Array;
}

/** Between objects and bytes, for one resource in its storage version. */
export class ObjectCodec<T extends KubernetesObject> {
  readonly head: JsonHead;
  readonly freeze: boolean;
  readonly #options: ObjectStorageOptions<T>;
  readonly #transformer: ValueTransformer | undefined;

  constructor(options: ObjectStorageOptions<T>) {
    this.#options = options;
    this.#transformer = options.transformer;
    this.head = jsonHead(options);
    this.freeze = options.freeze ?? true;
  }

  encode(object: T, key: string): EncodedObject {
    const json = this.#encodeJson(object);
    return { json, value: this.#transformer?.toStorage(json, key) ?? json };
  }

  /** The JSON of a stored value, beginning with this codec's head. Bytes of another version are upgraded. */
  jsonOf(value: Uint8Array, key: string): Uint8Array {
    const json = (this.#transformer ?? identityTransformer).fromStorage(value, key);
    return this.#options.keepsVersions === true || startsWith(json, this.head.bytes) ? json : this.#encodeJson(this.#upgrade(parse(json)));
  }

  /** Whether a value is stored as this codec would store it now. */
  isCurrent(value: Uint8Array): boolean {
    return this.#transformer?.isCurrent(value) ?? true;
  }

  /** The same with the server's newest defaults: for the first list after a start. */
  upgraded(json: Uint8Array): Uint8Array {
    if (this.#options.upgradeOnStart !== true) return json;
    const next = this.#encodeJson(this.#upgrade(parse(json)));
    return Buffer.compare(next, json) === 0 ? json : next;
  }

  /** Decodes JSON that begins with this codec's head; the object carries the given resourceVersion. */
  decode(json: Uint8Array, resourceVersion: string): T {
    const object = parse(json) as T;
    object.metadata.resourceVersion = resourceVersion;
    return this.freeze ? deepFreeze(object) : object;
  }

  /** The same for JSON that ends with the object's metadata. */
  decodeMetadata(start: Uint8Array, resourceVersion: string): ObjectMeta {
    const { metadata } = JSON.parse(`${textOf(start)}}`) as KubernetesObject;
    metadata.resourceVersion = resourceVersion;
    return this.freeze ? deepFreeze(metadata) : metadata;
  }

  withResourceVersion(object: T, resourceVersion: string): T {
    const copy = { ...object, metadata: { ...object.metadata, resourceVersion } };
    if (this.freeze) {
      Object.freeze(copy.metadata);
      Object.freeze(copy);
    }
    return copy;
  }

  selectableFields(object: T): Readonly<Record<string, string>> | undefined {
    return this.#options.selectableFields?.(object);
  }

  #upgrade(object: KubernetesObject): T {
    return this.#options.upgrade?.(object) ?? (object as T);
  }

  #encodeJson(object: T): Uint8Array {
    const { apiVersion: _version, kind: _kind, metadata, ...rest } = object;
    const { resourceVersion: _resourceVersion, ...others } = metadata;
    const { apiVersion, kind } = this.#options;
    return encoder.encode(JSON.stringify({ kind, apiVersion, metadata: { resourceVersion: '', ...others }, ...rest }));
  }
}

const encoder = new TextEncoder();

function parse(json: Uint8Array): KubernetesObject {
  return JSON.parse(textOf(json)) as KubernetesObject;
}

function textOf(json: Uint8Array): string {
  return Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString();
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length > start.length && Buffer.compare(bytes.subarray(0, start.length), start) === 0;
}

export function deepFreeze<V>(value: V): V {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  if (Array.isArray(value)) for (const item of value) deepFreeze(item);
  else for (const key in value) deepFreeze(value[key]);
  return value;
}

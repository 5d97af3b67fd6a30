import type { KubernetesObject, ObjectMeta } from '../../../kube/apimachinery/object-meta.ts';
import { goJson } from '../../../kube/apimachinery/go-format.ts';
import { identityTransformer } from './encryption/identity-transformer.ts';
import { jsonHead } from './json-head.ts';
import { resourceVersionAfterHead, resourceVersionByName } from './json-places.ts';
import { LabelSets } from './label-sets.ts';
import type { ObjectStorageOptions, ValueTransformer } from './object-storage-options.ts';

/** The bytes of an object without its revision. */
export interface EncodedObject {
  /** With an empty resourceVersion. */
  readonly json: Uint8Array;
  /** What goes into the Store: the same array, unless it is encrypted. */
  readonly value: Uint8Array;
}

/** Between objects and bytes, for one resource in its storage version. */
export class ObjectCodec<T extends KubernetesObject> {
  /** Of the bytes that all objects of built-in kinds begin with; 0 for members by name. */
  readonly headLength: number;
  readonly freeze: boolean;
  readonly labelSets = new LabelSets();
  readonly #options: ObjectStorageOptions<T>;
  readonly #transformer: ValueTransformer | undefined;
  readonly #isByName: boolean;
  /** What tells the storage version. */
  readonly #start: Uint8Array;

  constructor(options: ObjectStorageOptions<T>) {
    this.#options = options;
    this.#transformer = options.transformer;
    this.#isByName = options.memberOrder === 'name';
    this.#start = this.#isByName ? Buffer.from(`{"apiVersion":${JSON.stringify(options.apiVersion)},`) : jsonHead(options).bytes;
    this.headLength = this.#isByName ? 0 : this.#start.length;
    this.freeze = options.freeze ?? true;
  }

  encode(object: T, key: string): EncodedObject {
    const json = this.#encodeJson(object);
    return { json, value: this.#transformer?.toStorage(json, key) ?? json };
  }

  /** The JSON of a stored value, as this codec writes it. Bytes of another version are upgraded. */
  jsonOf(value: Uint8Array, key: string): Uint8Array {
    const json = (this.#transformer ?? identityTransformer).fromStorage(value, key);
    return this.#options.keepsVersions === true || startsWith(json, this.#start) ? json : this.#encodeJson(this.#upgrade(parse(json)));
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

  /** The object carries the given resourceVersion. */
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
    const copy = { ...object, metadata: this.#metadataWith(object.metadata, resourceVersion) };
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

  /** Where the revision belongs in JSON of this codec. */
  resourceVersionPlace(json: Uint8Array): number {
    return this.#isByName ? resourceVersionByName(json) : resourceVersionAfterHead(json, this.headLength);
  }

  #encodeJson(object: T): Uint8Array {
    const metadata = this.#metadataWith(object.metadata, '');
    if (this.#isByName) return encoder.encode(goJson(byName({ ...object, metadata })));
    const { apiVersion: _version, kind: _kind, metadata: _metadata, ...rest } = object;
    const { apiVersion, kind } = this.#options;
    return encoder.encode(goJson({ kind, apiVersion, metadata, ...rest }));
  }

  /** The resourceVersion where it belongs among the others. */
  #metadataWith(metadata: ObjectMeta, resourceVersion: string): ObjectMeta {
    if (this.#isByName) return byName({ ...metadata, resourceVersion });
    const { name, generateName, namespace, selfLink, uid, resourceVersion: _resourceVersion, ...others } = metadata;
    return {
      name,
      ...(generateName === undefined ? {} : { generateName }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(selfLink === undefined ? {} : { selfLink }),
      ...(uid === undefined ? {} : { uid }),
      resourceVersion,
      ...others,
    };
  }
}

function byName<O extends object>(object: O): O {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))) as O;
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

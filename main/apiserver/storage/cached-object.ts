import type { KubernetesObject, ObjectMeta } from '../../../kube/apimachinery/object-meta.ts';
import type { JsonHead } from './json-head.ts';
import type { ObjectCodec } from './object-codec.ts';
import type { ObjectKeys } from './object-keys.ts';
import type { StoredObject } from './object-storage.ts';

/** What all objects of one storage share. */
export interface ObjectContext<T extends KubernetesObject> {
  readonly codec: ObjectCodec<T>;
  readonly keys: ObjectKeys;
}

/** What selectors look at. Kept with the object once computed: small, unlike the decoded object. */
export interface Attributes {
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly fields: Readonly<Record<string, string>> | undefined;
}

/**
 * One version of one object: its bytes (the very array that the Store keeps), and the decoded object as long as somebody else holds it.
 * 10,000 pods decoded are 200 MB, their bytes 75; informers in this process hold what they need, and share it through here.
 */
export class CachedObject<T extends KubernetesObject> implements StoredObject<T> {
  readonly key: string;
  readonly revision: number;
  readonly #context: ObjectContext<T>;
  readonly #json: Uint8Array;
  #decoded: WeakRef<T> | undefined;
  #attributes: Attributes | undefined;
  #forms: Map<string, Uint8Array> | undefined;
  #metadataEnd: number | undefined;

  /** `object`, when it is at hand: without or with another resourceVersion, frozen if the codec freezes. */
  constructor(
    context: ObjectContext<T>,
    { key, revision, json, object }: { readonly key: string; readonly revision: number; readonly json: Uint8Array; readonly object?: T | undefined },
  ) {
    this.#context = context;
    this.key = key;
    this.revision = revision;
    this.#json = json;
    if (object === undefined) return;
    this.#keep(context.codec.withResourceVersion(object, this.resourceVersion));
    // While the object is at hand this costs little; later it may have to be decoded for it.
    this.#attributes = attributesOf(context, object);
  }

  get resourceVersion(): string {
    return String(this.revision);
  }
  get name(): string {
    return this.#context.keys.nameOf(this.key).name;
  }
  get namespace(): string | undefined {
    return this.#context.keys.nameOf(this.key).namespace;
  }
  /** For telling whether two versions differ in anything but the revision. */
  get storedJson(): Uint8Array {
    return this.#json;
  }

  get object(): T {
    return this.#decoded?.deref() ?? this.#keep(this.#context.codec.decode(this.#json, this.resourceVersion));
  }

  get metadata(): ObjectMeta {
    const metadata = this.#decoded?.deref()?.metadata;
    if (metadata !== undefined) return metadata;
    return this.#context.codec.decodeMetadata(this.#json.subarray(0, this.#endOfMetadata), this.resourceVersion);
  }

  get attributes(): Attributes {
    return (this.#attributes ??= attributesOf(this.#context, this.object));
  }

  field(name: string): string {
    if (name === 'metadata.name') return this.name;
    if (name === 'metadata.namespace') return this.namespace ?? '';
    return this.attributes.fields?.[name] ?? '';
  }

  /** The same content under another revision: how a deletion is told. */
  withRevision(revision: number): CachedObject<T> {
    const object = this.#decoded?.deref();
    const copy = new CachedObject(this.#context, { key: this.key, revision, json: this.#json, object });
    copy.#attributes = this.#attributes;
    return copy;
  }

  jsonSize(head: JsonHead): number {
    return head.bytes.length + this.resourceVersion.length + this.#json.length - this.#tailStart;
  }

  copyJson(target: Uint8Array, { offset, head }: { readonly offset: number; readonly head: JsonHead }): number {
    target.set(head.bytes, offset);
    const digits = this.resourceVersion;
    let at = offset + head.bytes.length;
    for (let i = 0; i < digits.length; i++) target[at++] = digits.charCodeAt(i);
    target.set(this.#json.subarray(this.#tailStart), at);
    return at + this.#json.length - this.#tailStart;
  }

  metadataJsonSize(head: JsonHead): number {
    return head.bytes.length + this.resourceVersion.length + this.#endOfMetadata - this.#tailStart + 1;
  }

  copyMetadataJson(target: Uint8Array, { offset, head }: { readonly offset: number; readonly head: JsonHead }): number {
    target.set(head.bytes, offset);
    const digits = this.resourceVersion;
    let at = offset + head.bytes.length;
    for (let i = 0; i < digits.length; i++) target[at++] = digits.charCodeAt(i);
    target.set(this.#json.subarray(this.#tailStart, this.#endOfMetadata), at);
    at += this.#endOfMetadata - this.#tailStart;
    target[at] = closingBrace;
    return at + 1;
  }

  get #endOfMetadata(): number {
    return (this.#metadataEnd ??= endOfObject(this.#json, this.#tailStart));
  }

  json(head: JsonHead): Uint8Array {
    const bytes = Buffer.allocUnsafeSlow(this.jsonSize(head));
    this.copyJson(bytes, { offset: 0, head });
    return bytes;
  }

  encoded(form: string, encode: (object: T) => Uint8Array): Uint8Array {
    let bytes = this.#forms?.get(form);
    if (bytes === undefined) {
      bytes = encode(this.object);
      (this.#forms ??= new Map()).set(form, bytes);
    }
    return bytes;
  }

  get #tailStart(): number {
    return this.#context.codec.head.bytes.length;
  }

  #keep(object: T): T {
    this.#decoded = new WeakRef(object);
    return object;
  }
}

const quote = 0x22;
const backslash = 0x5c;
const openingBrace = 0x7b;
const closingBrace = 0x7d;

/** Where the object ends in which the string ends that `start` is in. */
function endOfObject(json: Uint8Array, start: number): number {
  let depth = 1;
  let inString = true;
  for (let at = start; at < json.length; at++) {
    const byte = json[at];
    if (inString) {
      if (byte === backslash) at++;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (byte === openingBrace) depth++;
    else if (byte === closingBrace && --depth === 0) return at + 1;
  }
  return json.length;
}

function attributesOf<T extends KubernetesObject>({ codec }: ObjectContext<T>, object: T): Attributes {
  return { labels: object.metadata.labels, fields: codec.selectableFields(object) };
}

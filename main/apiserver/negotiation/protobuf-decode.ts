import { setMember } from '../../../kube/apimachinery/json.ts';
import type { FieldTable, MessageTable } from '../../../kube/api/definition-table.ts';
import { findMessage } from '../../../kube/api/definitions.ts';
import { GoDecodeError } from '../../../kube/api/go-json-error.ts';
import { formatDuration } from '../../../kube/apimachinery/duration.ts';
import { ProtobufReader } from './protobuf-reader.ts';

/** Upstream's gogo decoder has no limit of its own; messages nest this deep at most in practice (JSON schemas). */
const MAX_DEPTH = 200;

const fieldsByNumber = new WeakMap<MessageTable, ReadonlyMap<number, FieldTable>>();

function fieldsOf(message: MessageTable): ReadonlyMap<number, FieldTable> {
  let fields = fieldsByNumber.get(message);
  if (!fields) {
    fields = new Map(message.fields.map((field) => [field.number, field]));
    fieldsByNumber.set(message, fields);
  }
  return fields;
}

/**
 * A protobuf message of k8s.io/api as JSON object. Zero values that Go wrote for unset fields are still in it; toTyped
 * removes them. Unknown field numbers are skipped, as protobuf wants.
 */
export function decodeMessage(message: MessageTable, bytes: Uint8Array, into: Record<string, unknown> = {}, depth = 0): Record<string, unknown> {
  if (depth > MAX_DEPTH) throw new GoDecodeError('proto: message nested too deeply');
  const reader = new ProtobufReader(bytes, shortName(message.name));
  const fields = fieldsOf(message);
  while (reader.next()) {
    const field = fields.get(reader.number);
    if (field) checkWireType(field, reader);
    if (!field) reader.skip();
    else if (field.inline) inlineInto(field, reader.bytes(), { into, depth });
    else if (field.container === 'list') addToList(field, reader, { into, depth });
    else if (field.container === 'map') addToMap(field, reader.bytes(), { into, depth });
    else into[field.name] = decodeValue(field.type, reader, depth);
  }
  return into;
}

function shortName(message: string): string {
  return message.slice(message.lastIndexOf('.') + 1);
}

const WIRE_TYPES: Readonly<Record<string, 0 | 1>> = { b: 0, i: 0, l: 0, d: 1 };

function checkWireType(field: FieldTable, reader: ProtobufReader): void {
  const wireType = field.container === 'map' || field.inline ? 2 : (WIRE_TYPES[field.type] ?? 2);
  const isPacked = field.container === 'list' && reader.wireType === 2;
  if (reader.wireType !== wireType && !isPacked) reader.expect(wireType, goName(field));
}

const INITIALISMS = /^(?:api|ca|cidrs?|dns|fc|id|ips?|os|qos|ttl|tty|uid|url)(?![a-z])/;

/** Go's name of a field, as far as it can be told from that in JSON. */
function goName({ name, inline, type }: FieldTable): string {
  if (inline) return shortName(type);
  return INITIALISMS.test(name) ? name.replace(INITIALISMS, (word) => word.toUpperCase()) : name.charAt(0).toUpperCase() + name.slice(1);
}

interface Target {
  readonly into: Record<string, unknown>;
  readonly depth: number;
}

function inlineInto(field: FieldTable, bytes: Uint8Array, { into, depth }: Target): void {
  const message = findMessage(field.type);
  if (message) decodeMessage(message, bytes, into, depth + 1);
}

function addToList(field: FieldTable, reader: ProtobufReader, { into, depth }: Target): void {
  const list = into[field.name];
  const items: unknown[] = Array.isArray(list) ? list : [];
  into[field.name] = items;
  const isPacked = reader.wireType === 2 && 'bil'.includes(field.type);
  if (!isPacked) {
    items.push(decodeValue(field.type, reader, depth));
    return;
  }
  const packed = reader.bytes();
  // A packed list is varints back to back; giving each a tag of its own would copy, so they are read as one message would be.
  for (let at = 0; at < packed.length; ) {
    let end = at;
    while ((packed[end] ?? 0) >= 0x80) end += 1;
    const single = new ProtobufReader(Uint8Array.from([8, ...packed.subarray(at, end + 1)]));
    single.next();
    items.push(field.type === 'b' ? single.varint() !== 0 : single.varint());
    at = end + 1;
  }
}

function addToMap(field: FieldTable, bytes: Uint8Array, { into, depth }: Target): void {
  const existing = into[field.name];
  const map: Record<string, unknown> = typeof existing === 'object' && existing !== null ? (existing as Record<string, unknown>) : {};
  into[field.name] = map;
  const entry = new ProtobufReader(bytes);
  let key = '';
  let value: unknown = field.type === 's' || field.type === 'y' ? '' : undefined;
  while (entry.next()) {
    if (entry.number === 1) key = entry.string();
    else if (entry.number === 2) value = decodeValue(field.type, entry, depth);
    else entry.skip();
  }
  setMember(map, key, value);
}

function decodeValue(type: string, reader: ProtobufReader, depth: number): unknown {
  switch (type) {
    case 's':
      return reader.string();
    case 'b':
      return reader.varint() !== 0;
    case 'i':
      return reader.varint() | 0;
    case 'l':
      return reader.varint();
    case 'd':
      return reader.double();
    case 'y':
      return Buffer.from(reader.bytes()).toString('base64');
    default:
      return decodeDelimited(type, reader.bytes(), depth + 1);
  }
}

/** Numbers of small messages that have a JSON form of their own. */
function plainFields(bytes: Uint8Array, message = ''): { readonly numbers: ReadonlyMap<number, number>; readonly texts: ReadonlyMap<number, string> } {
  const reader = new ProtobufReader(bytes, message);
  const numbers = new Map<number, number>();
  const texts = new Map<number, string>();
  while (reader.next()) {
    if (reader.wireType === 0) numbers.set(reader.number, reader.varint());
    else if (reader.wireType === 2) texts.set(reader.number, reader.string());
    else reader.skip();
  }
  return { numbers, texts };
}

function decodeDelimited(type: string, bytes: Uint8Array, depth: number): unknown {
  switch (type) {
    case 'T':
    case 'M':
      return decodeTime(bytes, type === 'M');
    case 'D':
      return formatDuration((plainFields(bytes, 'Duration').numbers.get(1) ?? 0) / 1e6);
    case 'Q':
      return plainFields(bytes, 'Quantity').texts.get(1) || '0';
    case 'I': {
      const { numbers, texts } = plainFields(bytes, 'IntOrString');
      return numbers.get(1) === 1 ? (texts.get(3) ?? '') : (numbers.get(2) ?? 0) | 0;
    }
    case 'R':
    case 'F':
    case 'apiextensions/v1.JSON':
      return decodeRaw(bytes);
    default:
      return decodeObject(type, bytes, depth);
  }
}

/** An empty message is Go's zero time, which JSON writes as null. */
function decodeTime(bytes: Uint8Array, micros: boolean): string | null {
  if (bytes.length === 0) return null;
  const { numbers } = plainFields(bytes, 'Timestamp');
  const seconds = new Date((numbers.get(1) ?? 0) * 1000).toISOString().slice(0, 19);
  const fraction = Math.floor((numbers.get(2) ?? 0) / 1000);
  return micros ? `${seconds}.${String(fraction).padStart(6, '0')}Z` : `${seconds}Z`;
}

function decodeRaw(bytes: Uint8Array): unknown {
  const text = plainFields(bytes).texts.get(1);
  if (text === undefined || text === '') return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new GoDecodeError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function decodeObject(type: string, bytes: Uint8Array, depth: number): unknown {
  const message = findMessage(type);
  if (!message) return {};
  const object = decodeMessage(message, bytes, {}, depth);
  switch (type) {
    case 'apiextensions/v1.JSONSchemaPropsOrBool':
      return object['schema'] ?? object['allows'] ?? false;
    case 'apiextensions/v1.JSONSchemaPropsOrArray':
      return object['jSONSchemas'] ?? object['schema'];
    case 'apiextensions/v1.JSONSchemaPropsOrStringArray':
      return object['property'] ?? object['schema'];
    case 'meta/v1.Verbs':
    case 'authentication/v1.ExtraValue':
    case 'authorization/v1.ExtraValue':
    case 'certificates/v1.ExtraValue':
      return object['items'] ?? [];
    default:
      return object;
  }
}

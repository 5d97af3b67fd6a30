import type { FieldTable, MessageTable } from '../../../kube/api/definition-table.ts';
import { findMessage } from '../../../kube/api/definitions.ts';
import { parseDuration } from '../../../kube/apimachinery/duration.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/** A field and what stands for it when the object has no such member. */
interface PlannedField {
  readonly field: FieldTable;
  /** Empty where Go's field is a pointer, a list, a map or bytes, which have an absent state; see {@link zeroBytes}. */
  readonly zero: Uint8Array;
}

const plans = new WeakMap<MessageTable, readonly PlannedField[]>();

/** By falling number: upstream writes rising numbers, and our writer goes backwards. */
function planOf(message: MessageTable): readonly PlannedField[] {
  let plan = plans.get(message);
  if (!plan) {
    plan = message.fields.toSorted((a, b) => b.number - a.number).map((field) => ({ field, zero: zeroBytes(field) }));
    plans.set(message, plan);
  }
  return plan;
}

/**
 * The bytes of an unset field: upstream's generated marshallers (generated.pb.go) write every scalar and every struct that is
 * no pointer, whether or not JSON leaves it out. Inlined structs are asked for with the object around them.
 */
function zeroBytes(field: FieldTable): Uint8Array {
  const writer = new ProtobufWriter(16);
  const hasAbsentState = field.container !== '' || field.pointer || field.type === 'y';
  if (!hasAbsentState && !field.inline) encodeValue(field, undefined, writer);
  return writer.finish();
}

/** JSON objects, in Go's form, to the bytes that Go writes for the messages of k8s.io/api. */
export function encodeMessage(message: MessageTable, object: Readonly<Record<string, unknown>>, writer: ProtobufWriter): void {
  for (const { field, zero } of planOf(message)) {
    const value = field.inline ? object : object[field.name];
    if (value !== undefined && value !== null) encodeField(field, value, writer);
    else if (zero.length > 0) writer.bytes(zero);
  }
}

function encodeField(field: FieldTable, value: unknown, writer: ProtobufWriter): void {
  if (field.container === 'list') {
    if (!Array.isArray(value)) return;
    for (let index = value.length - 1; index >= 0; index -= 1) encodeValue(field, value[index], writer);
  } else if (field.container === 'map') {
    const entries = Object.entries(value as object).toSorted(([a], [b]) => (a < b ? 1 : -1));
    for (const [key, item] of entries) {
      const mark = writer.length;
      encodeValue({ type: field.type, number: 2 }, item, writer);
      encodeValue({ type: 's', number: 1 }, key, writer);
      writer.delimit(field.number, mark);
    }
  } else encodeValue(field, value, writer);
}

type Slot = Pick<FieldTable, 'type' | 'number'>;

function encodeValue(slot: Slot, value: unknown, writer: ProtobufWriter): void {
  switch (slot.type) {
    case 'b':
      writer.varint(value === true ? 1 : 0);
      return writer.tag(slot.number, 0);
    case 'i':
    case 'l':
      writer.varint(typeof value === 'number' ? value : 0);
      return writer.tag(slot.number, 0);
    case 'd':
      writer.double(typeof value === 'number' ? value : 0);
      return writer.tag(slot.number, 1);
    default: {
      const mark = writer.length;
      encodeDelimited(slot.type, value, writer);
      return writer.delimit(slot.number, mark);
    }
  }
}

/** The content of a length-delimited value. */
function encodeDelimited(type: string, value: unknown, writer: ProtobufWriter): void {
  switch (type) {
    case 's':
      return writer.string(String(value ?? ''));
    case 'y':
      return writer.bytes(Buffer.from(String(value ?? ''), 'base64'));
    case 'T':
    case 'M':
      return encodeTime(value, type === 'M', writer);
    case 'D':
      return encodeValue({ type: 'l', number: 1 }, typeof value === 'string' ? Math.round(parseDuration(value) * 1e6) : 0, writer);
    case 'Q':
      return encodeValue({ type: 's', number: 1 }, value ?? '0', writer);
    case 'I':
      return encodeIntOrString(value, writer);
    case 'R':
    case 'F':
    case 'apiextensions/v1.JSON':
      return encodeRaw(type, value, writer);
    default:
      return encodeObject(type, value, writer);
  }
}

/** The bytes of a JSON text; null is no text at all to Go's decoders of these types. */
function encodeRaw(type: string, value: unknown, writer: ProtobufWriter): void {
  if (value === undefined || value === null) return;
  const text = JSON.stringify(value);
  encodeValue({ type: 's', number: 1 }, type === 'R' ? text.replaceAll(GO_ESCAPES, goEscape) : text, writer);
}

/** What Go's encoding/json writes as escapes: clients compare the raw bytes of a ControllerRevision with what they would write. */
const GO_ESCAPES = /[<>&\u2028\u2029]/gu;

function goEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function encodeTime(value: unknown, micros: boolean, writer: ProtobufWriter): void {
  if (typeof value !== 'string' || value === '') return;
  const ms = Date.parse(value);
  const seconds = Math.floor(ms / 1000);
  const fraction = /\.(\d+)/.exec(value)?.[1] ?? '';
  const nanos = micros ? Number(fraction.slice(0, 6).padEnd(6, '0')) * 1000 : 0;
  encodeValue({ type: 'i', number: 2 }, nanos, writer);
  encodeValue({ type: 'l', number: 1 }, seconds, writer);
}

function encodeIntOrString(value: unknown, writer: ProtobufWriter): void {
  const isText = typeof value === 'string';
  encodeValue({ type: 's', number: 3 }, isText ? value : '', writer);
  encodeValue({ type: 'i', number: 2 }, isText ? 0 : value, writer);
  encodeValue({ type: 'l', number: 1 }, isText ? 1 : 0, writer);
}

/** Which field of these unions a JSON value goes to; see the messages in kube/api/definitions. */
function unionObject(type: string, value: unknown): Readonly<Record<string, unknown>> {
  switch (type) {
    case 'apiextensions/v1.JSONSchemaPropsOrBool':
      return typeof value === 'boolean' ? { allows: value } : { allows: true, schema: value };
    case 'apiextensions/v1.JSONSchemaPropsOrArray':
      return Array.isArray(value) ? { jSONSchemas: value } : { schema: value };
    case 'apiextensions/v1.JSONSchemaPropsOrStringArray':
      return Array.isArray(value) ? { property: value } : { schema: value };
    default:
      return Array.isArray(value) ? { items: value } : (value as Readonly<Record<string, unknown>>);
  }
}

function encodeObject(type: string, value: unknown, writer: ProtobufWriter): void {
  const message = findMessage(type);
  if (message) encodeMessage(message, unionObject(type, value ?? {}), writer);
}

import { apiVersionOf, type GroupVersionKind, parseApiVersion } from '../../../kube/apimachinery/gvr.ts';
import type { MessageTable } from '../../../kube/api/definition-table.ts';
import { findMessage } from '../../../kube/api/definitions.ts';
import { GoDecodeError } from '../../../kube/api/go-json-error.ts';
import { schemaOfKind } from '../../../kube/api/schema.ts';
import { decodeMessage } from './protobuf-decode.ts';
import { encodeMessage } from './protobuf-encode.ts';
import { ProtobufReader } from './protobuf-reader.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/**
 * The envelope of application/vnd.kubernetes.protobuf: the four bytes `k8s\0`, then runtime.Unknown with the type in field 1
 * and the message's bytes in field 2 (contentEncoding 3, contentType 4 stay empty).
 */
const MAGIC = Uint8Array.from([0x6b, 0x38, 0x73, 0x00]);

function messageOfKind(gvk: GroupVersionKind): MessageTable | undefined {
  const schema = schemaOfKind(gvk);
  return schema && findMessage(schema.name);
}

export function encodeProtobufEnvelope(object: { readonly apiVersion: string; readonly kind: string }): Uint8Array {
  const gvk = { ...parseApiVersion(object.apiVersion), kind: object.kind };
  const message = messageOfKind(gvk);
  if (!message) throw new TypeError(`Cannot encode ${apiVersionOf(gvk)} ${gvk.kind} as protobuf: it has no message`);
  const writer = new ProtobufWriter(4096);
  // Upstream's encoder writes the two empty strings as well.
  writer.delimit(4, writer.length);
  writer.delimit(3, writer.length);
  const mark = writer.length;
  encodeMessage(message, { ...object }, writer);
  writer.delimit(2, mark);
  const typeMark = writer.length;
  const kindMark = writer.length;
  writer.string(object.kind);
  writer.delimit(2, kindMark);
  const versionMark = writer.length;
  writer.string(object.apiVersion);
  writer.delimit(1, versionMark);
  writer.delimit(1, typeMark);
  writer.bytes(MAGIC);
  return writer.finish();
}

interface Unknown {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
}

/** The bytes of a message were malformed whose kind is known. */
export class MessageDecodeError extends GoDecodeError {
  readonly gvk: GroupVersionKind;

  constructor(gvk: GroupVersionKind, cause: GoDecodeError) {
    super(cause.message, { cause });
    this.gvk = gvk;
  }
}

function readUnknown(body: Uint8Array): Unknown {
  if (body.length === 0) throw new GoDecodeError('empty data');
  if (body.length < MAGIC.length || MAGIC.some((byte, index) => body[index] !== byte)) {
    throw new GoDecodeError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  }
  if (body.length === MAGIC.length) throw new GoDecodeError('empty body');
  const reader = new ProtobufReader(body.subarray(MAGIC.length), 'Unknown');
  let apiVersion = '';
  let kind = '';
  let raw: Uint8Array = new Uint8Array(0);
  while (reader.next()) {
    if (reader.number === 1) {
      const type = new ProtobufReader(reader.bytes(), 'TypeMeta');
      while (type.next()) {
        if (type.number === 1) apiVersion = type.string();
        else if (type.number === 2) kind = type.string();
        else type.skip();
      }
    } else if (reader.number === 2) raw = reader.bytes();
    else reader.skip();
  }
  return { apiVersion, kind, raw };
}

/**
 * The object in an envelope, as JSON with apiVersion and kind; a kind without a message gives just these two. An empty type
 * is taken for the expected one. Throws GoDecodeError, of what is in the envelope MessageDecodeError.
 */
export function decodeProtobufEnvelope(body: Uint8Array, expected: GroupVersionKind): Record<string, unknown> {
  const { apiVersion, kind, raw } = readUnknown(body);
  const groupVersion = apiVersion === '' ? expected : parseApiVersion(apiVersion);
  const gvk = { group: groupVersion.group, version: groupVersion.version, kind: kind === '' ? expected.kind : kind };
  const message = messageOfKind(gvk);
  return { ...(message ? decodedMessage(message, raw, gvk) : {}), apiVersion: apiVersionOf(gvk), kind: gvk.kind };
}

function decodedMessage(message: MessageTable, raw: Uint8Array, gvk: GroupVersionKind): Record<string, unknown> {
  try {
    return decodeMessage(message, raw);
  } catch (error) {
    throw error instanceof GoDecodeError ? new MessageDecodeError(gvk, error) : error;
  }
}

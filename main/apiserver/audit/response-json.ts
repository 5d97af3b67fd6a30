import type { ApiResponse } from '../endpoints/request.ts';
import { parseDocument } from '../negotiation/decode-body.ts';
import { decodeProtobufEnvelope } from '../negotiation/protobuf-envelope.ts';

export interface ResponseJson {
  /** In one line; both are undefined where the answer is no object. */
  readonly json: string | undefined;
  readonly value: Readonly<Record<string, unknown>> | undefined;
  /** The answer to send: a stream can be read only once. */
  readonly response: ApiResponse;
}

/** The answer as JSON, whatever it travels as. */
export async function responseJson(response: ApiResponse): Promise<ResponseJson> {
  if (response.object !== undefined) return { json: JSON.stringify(response.object), value: response.object as ResponseJson['value'], response };
  const none = { json: undefined, value: undefined };
  const type = String(response.headers['content-type'] ?? '');
  if (response.events !== undefined || response.headers['content-encoding'] !== undefined) return { ...none, response };
  const isJson = type.startsWith('application/json');
  const isYaml = type.startsWith('application/yaml');
  if (!isJson && !isYaml && !type.startsWith('application/vnd.kubernetes.protobuf')) return { ...none, response };
  const body = response.body instanceof Uint8Array ? response.body : await collected(response.body);
  const readable = { ...response, body };
  if (isJson) return { ...none, ...readJson(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8').trim()), response: readable };
  const value = isYaml ? (parseDocument(body, 'yaml').value as ResponseJson['value']) : protobufJson(body);
  return { json: JSON.stringify(value), value, response: readable };
}

function protobufJson(body: Uint8Array): Readonly<Record<string, unknown>> {
  const { kind, apiVersion, ...rest } = decodeProtobufEnvelope(body, { group: '', version: '', kind: '' }) as unknown as Readonly<Record<string, unknown>>;
  return { kind, apiVersion, ...rest };
}

/** What was indented for a reader is one line in the log all the same; a server behind a proxy may call JSON what is none. */
function readJson(text: string): Pick<ResponseJson, 'json' | 'value'> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(text) as ResponseJson['value'];
    return { json: text.includes('\n') ? JSON.stringify(value) : text, value };
  } catch {
    return undefined;
  }
}

async function collected(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Without metadata.managedFields, of an object, of each item of a list, of each row of a Table. */
export function withoutManagedFields(value: object): object {
  const { metadata, items, rows } = value as { readonly metadata?: Readonly<Record<string, unknown>>; readonly items?: readonly object[]; readonly rows?: readonly { readonly object?: object }[] };
  let copy: Record<string, unknown> = { ...value };
  if (metadata && 'managedFields' in metadata) {
    const { managedFields: _managedFields, ...rest } = metadata;
    copy = { ...copy, metadata: rest };
  }
  if (Array.isArray(items)) copy = { ...copy, items: items.map(withoutManagedFields) };
  if (Array.isArray(rows)) copy = { ...copy, rows: rows.map((row) => (row.object ? { ...row, object: withoutManagedFields(row.object) } : row)) };
  return copy;
}

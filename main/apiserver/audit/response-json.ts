import type { ApiResponse } from '../endpoints/request.ts';
import { parseDocument } from '../negotiation/decode-body.ts';
import { decodeProtobufEnvelope } from '../negotiation/protobuf-envelope.ts';

/** The answer as JSON, whatever it travels as, and the answer to send: a stream can be read only once. */
export async function responseJson(response: ApiResponse): Promise<{ readonly json: string | undefined; readonly response: ApiResponse }> {
  if (response.object !== undefined) return { json: JSON.stringify(response.object), response };
  const type = String(response.headers['content-type'] ?? '');
  if (response.events !== undefined || response.headers['content-encoding'] !== undefined) return { json: undefined, response };
  const isJson = type.startsWith('application/json');
  const isYaml = type.startsWith('application/yaml');
  if (!isJson && !isYaml && !type.startsWith('application/vnd.kubernetes.protobuf')) return { json: undefined, response };
  const body = response.body instanceof Uint8Array ? response.body : await collected(response.body);
  const readable = { ...response, body };
  if (isYaml) return { json: JSON.stringify(parseDocument(body, 'yaml').value), response: readable };
  if (!isJson) return { json: JSON.stringify(decodeProtobufEnvelope(body, { group: '', version: '', kind: '' })), response: readable };
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8').trim();
  return { json: text.startsWith('{') ? text : undefined, response: readable };
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

import { ProtobufReader } from '../../../negotiation/protobuf-reader.ts';
import { ProtobufWriter } from '../../../negotiation/protobuf-writer.ts';

/** What a field of the messages of key management holds; a map is of text to bytes. */
export type FieldValue = Uint8Array | string | number | Readonly<Record<string, Uint8Array>>;

/** `[[1, bytes], [2, 'key']]`, in order of their numbers; empty values are left out, as protobuf's defaults. */
export function writeMessage(fields: readonly (readonly [number, FieldValue])[]): Uint8Array {
  const writer = new ProtobufWriter(256);
  for (const [number, value] of fields.toReversed()) {
    if (typeof value === 'number') {
      if (value === 0) continue;
      writer.varint(value);
      writer.tag(number, 0);
    } else if (typeof value === 'string' || value instanceof Uint8Array) writeBytes(writer, number, Buffer.from(value));
    else for (const [key, bytes] of Object.entries(value).toReversed()) writeBytes(writer, number, writeMessage([[1, key], [2, bytes]]));
  }
  return writer.finish();
}

function writeBytes(writer: ProtobufWriter, number: number, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  const mark = writer.length;
  writer.bytes(bytes);
  writer.delimit(number, mark);
}

/** The fields of one message; throws GoDecodeError when the bytes are none. */
export class WireMessage {
  readonly #fields = new Map<number, (Uint8Array | number)[]>();

  constructor(bytes: Uint8Array) {
    const reader = new ProtobufReader(bytes);
    while (reader.next()) {
      const known = this.#fields.get(reader.number) ?? [];
      if (reader.wireType === 0) this.#fields.set(reader.number, [...known, reader.varint()]);
      else if (reader.wireType === 2) this.#fields.set(reader.number, [...known, reader.bytes()]);
      else reader.skip();
    }
  }

  bytes(number: number): Uint8Array {
    const value = this.#fields.get(number)?.at(-1);
    return value instanceof Uint8Array ? value : new Uint8Array(0);
  }

  text(number: number): string {
    return Buffer.from(this.bytes(number)).toString('utf8');
  }

  number(number: number): number {
    const value = this.#fields.get(number)?.at(-1);
    return typeof value === 'number' ? value : 0;
  }

  map(number: number): Record<string, Uint8Array> {
    const entries = (this.#fields.get(number) ?? []).filter((value) => value instanceof Uint8Array).map((bytes) => new WireMessage(bytes));
    return Object.fromEntries(entries.map((entry) => [entry.text(1), entry.bytes(2)]));
  }
}

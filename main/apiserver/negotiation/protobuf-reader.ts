import { GoDecodeError } from '../../../kube/api/go-json-error.ts';

/** Reads the fields of one protobuf message. Throws GoDecodeError on truncated or malformed input. */
export class ProtobufReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** Number and wire type of the field that {@link next} stopped at. */
  number = 0;
  wireType = 0;

  readonly #message: string;

  /** `message`: its name in Go, which errors tell. */
  constructor(bytes: Uint8Array, message = '') {
    this.#bytes = bytes;
    this.#message = message;
  }

  /** Moves to the next field; its value must then be read or skipped. False at the end. */
  next(): boolean {
    if (this.#at >= this.#bytes.length) return false;
    const tag = this.#unsigned();
    this.number = Math.floor(tag / 8);
    this.wireType = tag % 8;
    if (this.wireType === 4) throw new GoDecodeError(`proto: ${this.#message}: wiretype end group for non-group`);
    if (this.number === 0) throw new GoDecodeError(`proto: ${this.#message}: illegal tag 0 (wire type ${tag})`);
    return true;
  }

  /** Refuses the field that {@link next} stopped at unless its bytes are of this type; `field` is its name in Go. */
  expect(wireType: 0 | 1 | 2, field: string): void {
    if (this.wireType !== wireType) throw new GoDecodeError(`proto: wrong wireType = ${this.wireType} for field ${field}`);
  }

  /** Tags and lengths: up to 31 bits without the cost of a bigint. */
  #unsigned(): number {
    let value = 0;
    for (let index = 0; index < 4; index += 1) {
      const byte = this.#bytes[this.#at + index];
      if (byte === undefined) throw new GoDecodeError('unexpected EOF');
      value |= (byte & 0x7f) << (7 * index);
      if (byte < 0x80) {
        this.#at += index + 1;
        return value;
      }
    }
    return Number(this.#rawVarint());
  }

  #rawVarint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new GoDecodeError('unexpected EOF');
      this.#at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new GoDecodeError('proto: integer overflow');
  }

  /** Signed, as int32 and int64 are. */
  varint(): number {
    const start = this.#at;
    let end = start;
    while ((this.#bytes[end] ?? 0) >= 0x80) end += 1;
    return end - start < 4 ? this.#unsigned() : Number(BigInt.asIntN(64, this.#rawVarint()));
  }

  bytes(): Uint8Array {
    return this.#take(this.#unsigned());
  }

  string(): string {
    const bytes = this.bytes();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  }

  double(): number {
    const bytes = this.#take(8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
  }

  /** Past the value, of a group past its end. */
  skip(): void {
    let { wireType } = this;
    for (let depth = 0; ; wireType = this.#unsigned() % 8) {
      if (wireType === 3) depth += 1;
      else if (wireType === 4) depth -= 1;
      else this.#skipValue(wireType);
      if (depth === 0) return;
    }
  }

  #skipValue(wireType: number): void {
    if (wireType === 0) this.#rawVarint();
    else if (wireType === 1) this.#take(8);
    else if (wireType === 2) this.bytes();
    else if (wireType === 5) this.#take(4);
    else throw new GoDecodeError(`proto: illegal wireType ${wireType}`);
  }

  #take(size: number): Uint8Array {
    const end = this.#at + size;
    if (!(end <= this.#bytes.length)) throw new GoDecodeError('unexpected EOF');
    const slice = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return slice;
  }
}

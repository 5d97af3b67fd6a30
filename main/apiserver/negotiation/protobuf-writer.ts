/** UTF-16 units up to which a string is written byte by byte. */
const MAX_BYTEWISE = 64;

/**
 * Writes protobuf back to front, so that the length of a nested message is known when its prefix is written: write the last
 * field first, and within a field the value before its tag.
 */
export class ProtobufWriter {
  #buffer: Uint8Array;
  /** Index of the first written byte. */
  #start: number;

  constructor(capacity = 1024) {
    this.#buffer = new Uint8Array(capacity);
    this.#start = capacity;
  }

  /** Bytes written so far; the difference of two readings is the length of what was written between them. */
  get length(): number {
    return this.#buffer.length - this.#start;
  }

  finish(): Uint8Array {
    return this.#buffer.subarray(this.#start);
  }

  #reserve(size: number): void {
    if (this.#start >= size) return;
    const used = this.length;
    const grown = new Uint8Array(Math.max(this.#buffer.length * 2, used + size));
    grown.set(this.finish(), grown.length - used);
    this.#start = grown.length - used;
    this.#buffer = grown;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#start -= value.length;
    this.#buffer.set(value, this.#start);
  }

  string(value: string): void {
    if (value.length > MAX_BYTEWISE || !this.#ascii(value)) this.bytes(Buffer.from(value, 'utf8'));
  }

  /** Most strings are short and ASCII: sooner written than handed to the encoder. False, and nothing written, for others. */
  #ascii(value: string): boolean {
    const size = value.length;
    this.#reserve(size);
    const start = this.#start - size;
    for (let index = 0; index < size; index += 1) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) return false;
      this.#buffer[start + index] = code;
    }
    this.#start = start;
    return true;
  }

  /** An integer of up to 64 bits; negative ones take ten bytes, as int32 and int64 do. */
  varint(value: number): void {
    if (value < 0 || value > 0x7fff_ffff) return this.#longVarint(value);
    const size = value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
    this.#reserve(size);
    this.#start -= size;
    let rest = value;
    let at = this.#start;
    for (; rest >= 0x80; rest >>>= 7) {
      this.#buffer[at] = (rest & 0x7f) | 0x80;
      at += 1;
    }
    this.#buffer[at] = rest;
  }

  #longVarint(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    const bytes: number[] = [];
    while (rest >= 128n) {
      bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.bytes(Uint8Array.from(bytes));
  }

  double(value: number): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    this.bytes(bytes);
  }

  tag(number: number, wireType: 0 | 1 | 2): void {
    this.varint(number * 8 + wireType);
  }

  /** Prefixes what was written since `mark` (an earlier `length`) with its length and tag. */
  delimit(number: number, mark: number): void {
    this.varint(this.length - mark);
    this.tag(number, 2);
  }
}

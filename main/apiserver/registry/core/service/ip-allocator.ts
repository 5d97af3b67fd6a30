import { cidrContains, formatIp, parseCidr, parseIp, type ParsedCidr } from '../../validation/ip-parse.ts';

/**
 * Hands out the addresses of one service range. Like upstream, dynamic addresses come from the upper part of the range first, so
 * that the lower part stays free for the addresses that people ask for by name. Never hands out the first (network, in upstream the
 * API server's own Service takes the next one by name) and, for IPv4, the last address.
 */
export class IpAllocator {
  readonly cidr: string;
  readonly #range: ParsedCidr;
  readonly #base: bigint;
  readonly #size: bigint;
  readonly #taken = new Set<string>();
  readonly #random: () => number;

  constructor(cidr: string, random: () => number) {
    const range = parseCidr(cidr);
    if (range === undefined) throw new Error(`Cannot allocate service addresses from ${JSON.stringify(cidr)}: no valid CIDR`);
    this.cidr = cidr;
    this.#range = range;
    this.#random = random;
    this.#base = toNumber(range.ip.bytes);
    const bits = BigInt(range.ip.bytes.length * 8 - range.prefixLength);
    // Larger ranges are cut: 2^20 addresses are more than one cluster has Services.
    const size = 1n << (bits > 20n ? 20n : bits);
    this.#size = range.ip.bytes.length === 4 ? size - 2n : size - 1n;
  }

  get used(): number {
    return this.#taken.size;
  }
  /** Without the reserved ones. */
  get free(): number {
    return Number(this.#size) - this.#taken.size;
  }

  get family(): 'IPv4' | 'IPv6' {
    return this.#range.ip.bytes.length === 4 ? 'IPv4' : 'IPv6';
  }

  contains(ip: string): boolean {
    const parsed = parseIp(ip);
    return parsed !== undefined && cidrContains(this.#range, parsed);
  }
  isTaken(ip: string): boolean {
    return this.#taken.has(canonical(ip));
  }
  /** False when somebody has it. */
  take(ip: string): boolean {
    const key = canonical(ip);
    if (this.#taken.has(key)) return false;
    this.#taken.add(key);
    return true;
  }
  release(ip: string): void {
    this.#taken.delete(canonical(ip));
  }

  /** Undefined when the range is full. Does not take it. */
  findFree(): string | undefined {
    const offset = staticOffset(this.#size);
    return this.#findIn(offset, this.#size) ?? this.#findIn(0n, offset);
  }
  #findIn(first: bigint, end: bigint): string | undefined {
    const count = end - first;
    if (count <= 0n) return undefined;
    const start = BigInt(Math.floor(this.#random() * Number(count)));
    for (let step = 0n; step < count; step++) {
      const address = this.#base + 1n + first + ((start + step) % count);
      const ip = formatIp(toBytes(address, this.#range.ip.bytes.length));
      if (!this.#taken.has(ip)) return ip;
    }
    return undefined;
  }
}

/** The lower part that is kept for asked addresses: a sixteenth, at least 16, at most 256. */
function staticOffset(size: bigint): bigint {
  if (size <= 16n) return 0n;
  const sixteenth = size / 16n;
  return sixteenth < 16n ? 16n : sixteenth > 256n ? 256n : sixteenth;
}
function canonical(ip: string): string {
  const parsed = parseIp(ip);
  return parsed === undefined ? ip : formatIp(parsed.bytes);
}
function toNumber(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
function toBytes(value: bigint, length: number): number[] {
  return Array.from({ length }, (_, index) => Number((value >> BigInt(8 * (length - 1 - index))) & 0xffn));
}

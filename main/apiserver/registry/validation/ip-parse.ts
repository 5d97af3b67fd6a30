/** IP addresses and ranges as text, parsed without I/O (this file is also bundled where node:net is not). */

export interface ParsedIp {
  /** 4 or 16 bytes. An IPv4-mapped IPv6 address has 4 and `mapped`. */
  readonly bytes: readonly number[];
  readonly mapped: boolean;
  /** `010.0.0.1`: accepted by old releases only. */
  readonly leadingZeros: boolean;
}
export interface ParsedCidr {
  readonly ip: ParsedIp;
  readonly prefixLength: number;
  readonly prefixLeadingZeros: boolean;
  readonly hasHostBits: boolean;
}

export function parseIp(text: string): ParsedIp | undefined {
  return text.includes(':') ? parseIPv6(text) : parseIPv4(text);
}
export function isIPv4(text: string): boolean {
  return !text.includes(':') && parseIPv4(text) !== undefined;
}
export function isIPv6(text: string): boolean {
  return text.includes(':') && parseIPv6(text) !== undefined;
}

function parseIPv4(text: string): ParsedIp | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes: number[] = [];
  let leadingZeros = false;
  for (const part of parts) {
    if (!/^\d{1,16}$/.test(part) || Number(part) > 255) return undefined;
    if (part.length > 1 && part.startsWith('0')) leadingZeros = true;
    bytes.push(Number(part));
  }
  return { bytes, mapped: false, leadingZeros };
}

function parseIPv6(text: string): ParsedIp | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? '');
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? '') : { bytes: [], leadingZeros: false };
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.bytes.length - tail.bytes.length;
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  const bytes = [...head.bytes, ...new Array<number>(missing).fill(0), ...tail.bytes];
  const leadingZeros = head.leadingZeros || tail.leadingZeros;
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return mapped ? { bytes: bytes.slice(12), mapped, leadingZeros } : { bytes, mapped, leadingZeros };
}

function groupsOf(text: string): { bytes: number[]; leadingZeros: boolean } | undefined {
  const bytes: number[] = [];
  let leadingZeros = false;
  if (text === '') return { bytes, leadingZeros };
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (group.includes('.') && index === groups.length - 1) {
      const ipv4 = parseIPv4(group);
      if (ipv4 === undefined) return undefined;
      leadingZeros = ipv4.leadingZeros;
      bytes.push(...ipv4.bytes);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return { bytes, leadingZeros };
}

export function parseCidr(text: string): ParsedCidr | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const ip = parseIp(text.slice(0, slash));
  const prefixText = text.slice(slash + 1);
  if (ip === undefined || !/^\d{1,9}$/.test(prefixText)) return undefined;
  const prefixLength = Number(prefixText);
  const bits = text.slice(0, slash).includes(':') ? 128 : 32;
  if (prefixLength > bits) return undefined;
  const networkBits = ip.mapped ? Math.max(0, prefixLength - 96) : prefixLength;
  return {
    ip,
    prefixLength,
    prefixLeadingZeros: prefixText.length > 1 && prefixText.startsWith('0'),
    hasHostBits: ip.bytes.some((byte, index) => (byte & hostMask(networkBits - index * 8)) !== 0),
  };
}
function hostMask(networkBitsInByte: number): number {
  if (networkBitsInByte <= 0) return 0xff;
  return networkBitsInByte >= 8 ? 0 : 0xff >> networkBitsInByte;
}

/** The text that Go prints for an address: lower case, zeros compressed (RFC 5952). */
export function formatIp(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16));
  const run = longestZeroRun(groups);
  if (run.length < 2) return groups.join(':');
  return `${groups.slice(0, run.start).join(':')}::${groups.slice(run.start + run.length).join(':')}`;
}
function longestZeroRun(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

/** The range as Go prints it: without host bits, an IPv4-mapped one as IPv4. */
export function networkText({ ip, prefixLength }: ParsedCidr): string {
  const length = ip.mapped ? Math.max(0, prefixLength - 96) : prefixLength;
  return `${formatIp(ip.bytes.map((byte, index) => byte & (0xff ^ hostMask(length - index * 8))))}/${length}`;
}

export function cidrContains(cidr: ParsedCidr, ip: ParsedIp): boolean {
  if (cidr.ip.bytes.length !== ip.bytes.length) return false;
  return ip.bytes.every((byte, index) => ((byte ^ (cidr.ip.bytes[index] ?? 0)) & (0xff ^ hostMask(cidr.prefixLength - index * 8))) === 0);
}

import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import { declare, type FunctionDeclaration, global, method } from '../declarations.ts';
import { formatIp, parseCidr, parseIp, type ParsedIp } from '../../registry/validation/ip-parse.ts';
import { CelEvaluationError } from '../runtime/evaluation-error.ts';
import { CelObject } from '../runtime/values.ts';
import { BOOL, type CelType, INT, opaqueType, STRING } from '../types.ts';

export const IP_TYPE = opaqueType('net.IP');
export const CIDR_TYPE = opaqueType('net.CIDR');

class CelIp extends CelObject {
  readonly bytes: readonly number[];

  constructor(bytes: readonly number[]) {
    super();
    this.bytes = bytes;
  }

  get type(): CelType {
    return IP_TYPE;
  }

  override get size(): number {
    return this.bytes.length;
  }

  get isFour(): boolean {
    return this.bytes.length === 4;
  }

  equals({ bytes }: this): boolean {
    return bytes.length === this.bytes.length && bytes.every((byte, index) => byte === this.bytes[index]);
  }
}

class CelCidr extends CelObject {
  readonly ip: CelIp;
  readonly prefix: number;

  constructor(ip: CelIp, prefix: number) {
    super();
    this.ip = ip;
    this.prefix = prefix;
  }

  get type(): CelType {
    return CIDR_TYPE;
  }

  override get size(): number {
    return Math.ceil(this.prefix / 8);
  }

  equals({ ip, prefix }: this): boolean {
    return prefix === this.prefix && this.ip.equals(ip);
  }

  /** With the bits beyond the prefix at zero. */
  get masked(): CelCidr {
    return new CelCidr(new CelIp(this.ip.bytes.map((byte, index) => byte & maskByte(this.prefix, index))), this.prefix);
  }

  contains(ip: CelIp): boolean {
    return ip.bytes.length === this.ip.bytes.length && this.ip.bytes.every((byte, index) => ((byte ^ (ip.bytes[index] ?? 0)) & maskByte(this.prefix, index)) === 0);
  }
}

function maskByte(prefix: number, index: number): number {
  const bits = Math.min(Math.max(prefix - index * 8, 0), 8);
  return (0xff << (8 - bits)) & 0xff;
}

/** Upstream: apiserver/pkg/cel/library/ip.go, cidr.go. */
export function networkFunctions(): readonly FunctionDeclaration[] {
  const ofIp = (name: string, id: string, test: (ip: CelIp) => boolean): FunctionDeclaration => declare(name, method(id, [IP_TYPE], BOOL, test));
  return [
    declare('ip', global('string_to_ip', [STRING], IP_TYPE, ipOf), method('cidr_ip', [CIDR_TYPE], IP_TYPE, ({ ip }: CelCidr) => ip)),
    declare('isIP', global('is_ip', [STRING], BOOL, (text: string) => tryParse(() => ipOf(text)))),
    declare('ip.isCanonical', global('ip_is_canonical', [STRING], BOOL, (text: string) => textOfIp(ipOf(text)) === text)),
    declare('family', method('ip_family', [IP_TYPE], INT, (ip: CelIp) => (ip.isFour ? 4n : 6n))),
    ofIp('isUnspecified', 'ip_is_unspecified', isUnspecified),
    ofIp('isLoopback', 'ip_is_loopback', isLoopback),
    ofIp('isLinkLocalMulticast', 'ip_is_link_local_multicast', (ip) => (ip.isFour ? startsWith(ip, 224, 0, 0) : ip.bytes[0] === 0xff && ((ip.bytes[1] ?? 0) & 0x0f) === 2)),
    ofIp('isLinkLocalUnicast', 'ip_is_link_local_unicast', isLinkLocal),
    ofIp('isGlobalUnicast', 'ip_is_global_unicast', (ip) => !isUnspecified(ip) && !isLoopback(ip) && !isLinkLocal(ip) && !isMulticast(ip) && !(ip.isFour && ip.bytes.every((byte) => byte === 255))),
    declare('string', global('ip_to_string', [IP_TYPE], STRING, textOfIp), global('cidr_to_string', [CIDR_TYPE], STRING, ({ ip, prefix }: CelCidr) => `${textOfIp(ip)}/${prefix}`)),
    declare('cidr', global('string_to_cidr', [STRING], CIDR_TYPE, cidrOf)),
    declare('isCIDR', global('is_cidr', [STRING], BOOL, (text: string) => tryParse(() => cidrOf(text)))),
    declare('containsIP', method('cidr_contains_ip_string', [CIDR_TYPE, STRING], BOOL, (cidr: CelCidr, text: string) => cidr.contains(ipOf(text))), method('cidr_contains_ip_ip', [CIDR_TYPE, IP_TYPE], BOOL, (cidr: CelCidr, ip: CelIp) => cidr.contains(ip))),
    declare('containsCIDR', method('cidr_contains_cidr_string', [CIDR_TYPE, STRING], BOOL, (cidr: CelCidr, text: string) => containsRange(cidr, cidrOf(text))), method('cidr_contains_cidr', [CIDR_TYPE, CIDR_TYPE], BOOL, containsRange)),
    declare('prefixLength', method('cidr_prefix_length', [CIDR_TYPE], INT, ({ prefix }: CelCidr) => BigInt(prefix))),
    declare('masked', method('cidr_masked', [CIDR_TYPE], CIDR_TYPE, ({ masked }: CelCidr) => masked)),
  ];
}

function tryParse(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

function ipOf(text: string): CelIp {
  const parsed = text.includes('%') ? undefined : parseIp(text);
  if (text.includes('%') && parseIp(text.slice(0, text.indexOf('%')))) throw new CelEvaluationError(`IP address ${goQuote(text)} with zone value is not allowed`);
  if (!parsed || parsed.leadingZeros) throw new CelEvaluationError(`IP Address ${goQuote(text)} parse error during conversion from string: ParseAddr(${goQuote(text)}): ${addressProblem(text, parsed)}`);
  if (parsed.mapped) throw new CelEvaluationError(`IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`);
  return new CelIp(parsed.bytes);
}

/** The most usual ones of net/netip's many complaints. */
function addressProblem(text: string, parsed: ParsedIp | undefined): string {
  if (parsed?.leadingZeros) return 'IPv4 field has octet with leading zero';
  const parts = text.split('.');
  if (text.includes(':') || parts.length === 1) return 'unable to parse IP';
  if (parts.some((part) => /\D/.test(part))) return 'unexpected character';
  if (parts.some((part) => Number(part) > 255)) return 'IPv4 field has value >255';
  return parts.length < 4 ? 'IPv4 address too short' : parts.length > 4 ? 'IPv4 address too long' : 'unable to parse IP';
}

function cidrOf(text: string): CelCidr {
  const parsed = parseCidr(text);
  if (!parsed || parsed.ip.leadingZeros || parsed.prefixLeadingZeros || text.includes('%')) {
    const why = text.includes('/') ? rangeProblem(text) : "no '/'";
    throw new CelEvaluationError(`network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix(${goQuote(text)}): ${why}`);
  }
  if (parsed.ip.mapped) throw new CelEvaluationError(`network address parse error during conversion from string: IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`);
  return new CelCidr(new CelIp(parsed.ip.bytes), parsed.prefixLength);
}

function rangeProblem(text: string): string {
  const slash = text.lastIndexOf('/');
  const [address, bits] = [text.slice(0, slash), text.slice(slash + 1)];
  const parsed = parseIp(address);
  if (!parsed || parsed.leadingZeros) return `ParseAddr(${goQuote(address)}): ${addressProblem(address, parsed)}`;
  return /^(0|[1-9]\d*)$/.test(bits) ? 'prefix length out of range' : `bad bits after slash: ${goQuote(bits)}`;
}

function containsRange(outer: CelCidr, inner: CelCidr): boolean {
  return outer.prefix <= inner.prefix && outer.contains(inner.ip);
}

function textOfIp({ bytes }: CelIp): string {
  return formatIp(bytes);
}

function startsWith({ bytes }: CelIp, ...wanted: readonly number[]): boolean {
  return wanted.every((byte, index) => bytes[index] === byte);
}

function isUnspecified({ bytes }: CelIp): boolean {
  return bytes.every((byte) => byte === 0);
}

function isLoopback(ip: CelIp): boolean {
  return ip.isFour ? startsWith(ip, 127) : ip.bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
}

function isLinkLocal(ip: CelIp): boolean {
  return ip.isFour ? startsWith(ip, 169, 254) : ip.bytes[0] === 0xfe && ((ip.bytes[1] ?? 0) & 0xc0) === 0x80;
}

function isMulticast(ip: CelIp): boolean {
  return ip.isFour ? ((ip.bytes[0] ?? 0) & 0xf0) === 0xe0 : ip.bytes[0] === 0xff;
}

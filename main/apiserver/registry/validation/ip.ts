import { isIPv4, isIPv6 } from './ip-parse.ts';
import type { FieldErrors } from './field-errors.ts';
import type { FieldPath } from './field-path.ts';
import { parseCidr, parseIp } from './ip-parse.ts';

export const INVALID_IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
export const INVALID_CIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

/** Fields older than strict parsing: leading zeros and IPv4-mapped IPv6 are refused since 1.36 unless they were there before. */
export function checkLegacyIp(value: string, path: FieldPath, errors: FieldErrors, previous: readonly string[] = []): void {
  if (previous.includes(value)) return;
  const ip = parseIp(value);
  if (ip === undefined) errors.invalid(path, value, INVALID_IP);
  else if (ip.leadingZeros) errors.invalid(path, value, 'must not have leading 0s');
  else if (ip.mapped) errors.invalid(path, value, 'must not be an IPv4-mapped IPv6 address');
}

export function checkLegacyCidr(value: string, path: FieldPath, errors: FieldErrors, previous: readonly string[] = []): void {
  if (previous.includes(value)) return;
  const cidr = parseCidr(value);
  if (cidr === undefined) {
    errors.invalid(path, value, INVALID_CIDR);
    return;
  }
  if (cidr.ip.leadingZeros) errors.invalid(path, value, 'must not have leading 0s in IP');
  if (cidr.prefixLeadingZeros) errors.invalid(path, value, 'must not have leading 0s in prefix length');
  if (cidr.ip.mapped) errors.invalid(path, value, 'must not have an IPv4-mapped IPv6 address');
  if (cidr.hasHostBits) errors.invalid(path, value, 'must not have bits set beyond the prefix length');
}

/** Addresses that an endpoint, or an external IP, cannot have. */
export function checkEndpointIp(value: string, path: FieldPath, errors: FieldErrors): void {
  const ip = parseIp(value);
  if (ip === undefined) {
    errors.invalid(path, value, 'must be a valid IP address');
    return;
  }
  const bytes = ip.bytes;
  if (bytes.every((byte) => byte === 0)) errors.invalid(path, value, `may not be unspecified (${value})`);
  if (isLoopback(bytes)) errors.invalid(path, value, 'may not be in the loopback range (127.0.0.0/8, ::1/128)');
  if (isLinkLocal(bytes)) errors.invalid(path, value, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)');
  if (isLinkLocalMulticast(bytes)) errors.invalid(path, value, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)');
}

export function isLoopback(bytes: readonly number[]): boolean {
  return bytes.length === 4 ? bytes[0] === 127 : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
}
function isLinkLocal(bytes: readonly number[]): boolean {
  return bytes.length === 4 ? bytes[0] === 169 && bytes[1] === 254 : bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80;
}
function isLinkLocalMulticast(bytes: readonly number[]): boolean {
  return bytes.length === 4
    ? bytes[0] === 224 && bytes[1] === 0 && bytes[2] === 0
    : bytes[0] === 0xff && ((bytes[1] ?? 0) & 0x0f) === 2;
}

/** One address of each family. */
export function isDualStack(ips: readonly string[]): boolean {
  return ips.some(isIPv4) && ips.some(isIPv6);
}

import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import type { FieldPath } from './field-path.ts';
import { formatIp, parseCidr, parseIp } from './ip-parse.ts';

/** Addresses that are valid, but that other software may read differently. */
export function ipWarnings(path: FieldPath, value: string): string[] {
  const ip = parseIp(value);
  if (ip === undefined) return [];
  if (ip.leadingZeros || ip.mapped) return [];
  const canonical = formatIp(ip.bytes);
  if (value.includes(':') && canonical !== value) return [`${path}: IPv6 address ${goQuote(value)} should be in RFC 5952 canonical format (${goQuote(canonical)})`];
  return [];
}

export function cidrWarnings(path: FieldPath, value: string): string[] {
  const cidr = parseCidr(value);
  if (cidr === undefined || cidr.ip.leadingZeros || cidr.ip.mapped || cidr.prefixLeadingZeros) return [];
  const canonical = `${formatIp(cidr.ip.bytes)}/${cidr.prefixLength}`;
  if (value.includes(':') && canonical !== value) return [`${path}: IPv6 CIDR value ${goQuote(value)} should be in RFC 5952 canonical format (${goQuote(canonical)})`];
  return [];
}

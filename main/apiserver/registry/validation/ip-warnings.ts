import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import type { FieldPath } from './field-path.ts';
import { formatIp, networkText, parseCidr, parseIp } from './ip-parse.ts';

/** Addresses that are valid, but that other software may read differently. */
export function ipWarnings(path: FieldPath, value: string): string[] {
  const ip = parseIp(value);
  if (ip === undefined) return [];
  const canonical = formatIp(ip.bytes);
  if (ip.leadingZeros || ip.mapped) return [`${path}: non-standard IP address ${goQuote(value)} is invalid: use ${goQuote(canonical)}`];
  if (value.includes(':') && canonical !== value) return [`${path}: IPv6 address ${goQuote(value)} should be in RFC 5952 canonical format (${goQuote(canonical)})`];
  return [];
}

export function cidrWarnings(path: FieldPath, value: string): string[] {
  const cidr = parseCidr(value);
  if (cidr === undefined) return [];
  const address = formatIp(cidr.ip.bytes);
  const network = networkText(cidr);
  const found: string[] = [];
  if (cidr.hasHostBits) {
    const one = `${address}/${cidr.ip.bytes.length * 8}`;
    found.push(`${path}: CIDR value ${goQuote(value)} is ambiguous in this context (should be ${goQuote(network)} or ${goQuote(one)}?)`);
  }
  if (cidr.ip.leadingZeros || cidr.ip.mapped || cidr.prefixLeadingZeros) found.push(`${path}: non-standard CIDR value ${goQuote(value)} is invalid: use ${goQuote(network)}`);
  if (found.length > 0) return found;
  const canonical = `${address}/${cidr.prefixLength}`;
  if (value.includes(':') && canonical !== value) return [`${path}: IPv6 CIDR value ${goQuote(value)} should be in RFC 5952 canonical format (${goQuote(canonical)})`];
  return [];
}

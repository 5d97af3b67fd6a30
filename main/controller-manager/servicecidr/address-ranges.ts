import { BlockList, isIPv6 } from 'node:net';

/** Whether a CIDR contains an address, or all of another CIDR. False for what cannot be read. */
export function cidrContains(cidr: string, other: string): boolean {
  const outer = parse(cidr);
  const inner = parse(other);
  if (outer === undefined || inner === undefined || outer.family !== inner.family || inner.prefix < outer.prefix) return false;
  const list = new BlockList();
  list.addSubnet(outer.address, outer.prefix, outer.family);
  return list.check(inner.address, inner.family);
}

function parse(text: string): { readonly address: string; readonly family: 'ipv4' | 'ipv6'; readonly prefix: number } | undefined {
  const [address = '', length] = text.split('/');
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const prefix = length === undefined ? (family === 'ipv6' ? 128 : 32) : Number(length);
  return Number.isInteger(prefix) ? { address, family, prefix } : undefined;
}

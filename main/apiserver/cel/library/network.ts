import { BlockList, isIP } from 'node:net';
import type { Environment } from '@marcbachmann/cel-js';

class CelIp {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  get family(): 4 | 6 {
    return isIP(this.text) as 4 | 6;
  }
}

class CelCidr {
  readonly address: CelIp;
  readonly prefix: number;

  constructor(address: CelIp, prefix: number) {
    this.address = address;
    this.prefix = prefix;
  }
}

class CelUrl {
  readonly url: URL | undefined;
  readonly path: string;

  constructor(text: string) {
    this.path = text;
    this.url = text.startsWith('/') ? undefined : new URL(text);
  }
}

const IP = 'net.IP';
const CIDR = 'net.CIDR';
const URL_TYPE = 'kubernetes.URL';

/** Addresses, ranges and URLs (upstream: apiserver/pkg/cel/library/ip.go, cidr.go, urls.go). */
export function registerNetwork(environment: Environment): void {
  const on = (signature: string, handler: (...values: never[]) => unknown): void => {
    environment.registerFunction(signature, handler, { async: false });
  };
  environment.registerType(IP, CelIp).registerType(CIDR, CelCidr).registerType(URL_TYPE, CelUrl);
  on(`ip(string): ${IP}`, parseIp);
  on('isIP(string): bool', (text: string) => isIP(text) !== 0 && !text.includes('%'));
  on(`${IP}.family(): int`, (ip: CelIp) => BigInt(ip.family));
  on(`${IP}.isLoopback(): bool`, (ip: CelIp) => isIn(ip, '127.0.0.0/8', '::1/128'));
  on(`${IP}.isUnspecified(): bool`, (ip: CelIp) => isIn(ip, '0.0.0.0/32', '::/128'));
  on(`${IP}.isLinkLocalUnicast(): bool`, (ip: CelIp) => isIn(ip, '169.254.0.0/16', 'fe80::/10'));
  on(`${IP}.isLinkLocalMulticast(): bool`, (ip: CelIp) => isIn(ip, '224.0.0.0/24', 'ff02::/16'));
  on(`${IP}.isGlobalUnicast(): bool`, (ip: CelIp) => !isIn(ip, '127.0.0.0/8', '::1/128') && !isIn(ip, '0.0.0.0/32', '::/128') && !isIn(ip, '169.254.0.0/16', 'fe80::/10') && !isIn(ip, '224.0.0.0/4', 'ff00::/8') && ip.text !== '255.255.255.255');
  on(`string(${IP}): string`, (ip: CelIp) => ip.text);
  environment.registerOperator(`${IP} == ${IP}`, (a: CelIp, b: CelIp) => sameIp(a, b));
  on(`cidr(string): ${CIDR}`, parseCidr);
  on('isCIDR(string): bool', (text: string) => isCidr(text));
  on(`${CIDR}.containsIP(string): bool`, (cidr: CelCidr, text: string) => contains(cidr, parseIp(text)));
  on(`${CIDR}.containsIP(${IP}): bool`, contains);
  on(`${CIDR}.containsCIDR(string): bool`, (cidr: CelCidr, text: string) => containsRange(cidr, parseCidr(text)));
  on(`${CIDR}.containsCIDR(${CIDR}): bool`, containsRange);
  on(`${CIDR}.ip(): ${IP}`, ({ address }: CelCidr) => address);
  on(`${CIDR}.prefixLength(): int`, ({ prefix }: CelCidr) => BigInt(prefix));
  on(`string(${CIDR}): string`, ({ address, prefix }: CelCidr) => `${address.text}/${prefix}`);
  on(`url(string): ${URL_TYPE}`, (text: string) => parseUrl(text));
  on('isURL(string): bool', (text: string) => text.startsWith('/') || URL.canParse(text));
  on(`${URL_TYPE}.getScheme(): string`, ({ url }: CelUrl) => url?.protocol.slice(0, -1) ?? '');
  on(`${URL_TYPE}.getHost(): string`, ({ url }: CelUrl) => url?.host ?? '');
  on(`${URL_TYPE}.getHostname(): string`, ({ url }: CelUrl) => url?.hostname.replace(/^\[(.*)\]$/v, '$1') ?? '');
  on(`${URL_TYPE}.getPort(): string`, ({ url }: CelUrl) => url?.port ?? '');
  on(`${URL_TYPE}.getEscapedPath(): string`, ({ url, path }: CelUrl) => url?.pathname ?? path.replace(/[?#].*$/v, ''));
  on(`${URL_TYPE}.getQuery(): map<string, list<string>>`, ({ url, path }: CelUrl) => queryOf(url ?? new URL(path, 'http://host')));
}

function parseIp(text: string): CelIp {
  if (isIP(text) === 0 || text.includes('%')) throw new Error(`IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): unable to parse IP`);
  return new CelIp(text);
}

function isCidr(text: string): boolean {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const family = isIP(address);
  return rest.length === 0 && family !== 0 && /^(?:0|[1-9]\d{0,2})$/v.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

function parseCidr(text: string): CelCidr {
  if (!isCidr(text)) throw new Error(`network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(text)}): no '/'`);
  const [address = '', prefix] = text.split('/');
  return new CelCidr(new CelIp(address), Number(prefix));
}

function familyName({ family }: CelIp): 'ipv4' | 'ipv6' {
  return family === 4 ? 'ipv4' : 'ipv6';
}

function contains({ address, prefix }: CelCidr, ip: CelIp): boolean {
  if (address.family !== ip.family) return false;
  const list = new BlockList();
  list.addSubnet(address.text, prefix, familyName(address));
  return list.check(ip.text, familyName(ip));
}

function containsRange(cidr: CelCidr, other: CelCidr): boolean {
  return cidr.prefix <= other.prefix && contains(cidr, other.address);
}

function isIn(ip: CelIp, four: string, six: string): boolean {
  return contains(parseCidr(ip.family === 4 ? four : six), ip);
}

function sameIp(a: CelIp, b: CelIp): boolean {
  return a.family === b.family && contains(new CelCidr(a, a.family === 4 ? 32 : 128), b);
}

function parseUrl(text: string): CelUrl {
  if (!text.startsWith('/') && !URL.canParse(text)) throw new Error(`URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`);
  return new CelUrl(text);
}

function queryOf(url: URL): Record<string, string[]> {
  const result: Record<string, string[]> = {};
  for (const key of new Set(url.searchParams.keys())) result[key] = url.searchParams.getAll(key);
  return result;
}

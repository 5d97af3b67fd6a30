import type { HostPort, ServiceEndpoint, ServicePort } from './service-port.ts';
import { usableEndpoints } from './service-port.ts';

/**
 * The table `ip coracle-proxy` as data: what the fixed base (base-rules.ts) jumps into. Chains of Services and endpoints, elements of
 * the base's maps, and one set per endpoint with affinity. Keys of `elements` are `map name` → `element key` → `element value`.
 *
 * Example: Service default/web 10.96.4.4:80 with one pod 10.244.1.7:80 gives
 *   chain `svc-…`: `numgen random mod 1 vmap { 0 : goto ep-… }`; chain `ep-…`: mark hairpin, `dnat to 10.244.1.7:80`;
 *   element `service-ips`: `10.96.4.4 . tcp . 80` → `goto svc-…`.
 */
export interface RuleSet {
  readonly chains: ReadonlyMap<string, readonly string[]>;
  readonly elements: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Name → timeout in seconds. */
  readonly affinitySets: ReadonlyMap<string, number>;
}

export interface CompileInput {
  readonly services: readonly ServicePort[];
  readonly hostPorts: readonly HostPort[];
  readonly clusterCIDR: string;
}

export const maps = ['service-ips', 'service-nodeports', 'no-endpoint-services', 'no-endpoint-nodeports', 'hostports', 'hostport-ips'] as const;

/** `mark-for-masquerade` of the base; the source is replaced when the packet leaves. */
const masquerade = 'jump mark-for-masquerade';

export function compileRules(input: CompileInput): RuleSet {
  const builder = new RuleBuilder();
  for (const service of input.services) compileService(builder, service, input.clusterCIDR);
  for (const port of input.hostPorts) compileHostPort(builder, port);
  return builder;
}

class RuleBuilder implements RuleSet {
  readonly chains = new Map<string, readonly string[]>();
  readonly elements = new Map<string, Map<string, string>>(maps.map((name) => [name, new Map()]));
  readonly affinitySets = new Map<string, number>();

  /** The first user of an address and port keeps it, as upstream does with conflicting Services. */
  element(map: (typeof maps)[number], key: string, verdict: string): void {
    const elements = this.elements.get(map);
    if (elements !== undefined && !elements.has(key)) elements.set(key, verdict);
  }
}

function compileService(builder: RuleBuilder, service: ServicePort, clusterCIDR: string): void {
  const id = chainId(`${service.name}/${service.protocol}`);
  const cluster = usableEndpoints(service.endpoints, { local: false });
  const internal = service.internalLocal ? usableEndpoints(service.endpoints, { local: true }) : cluster;
  const external = service.externalLocal ? usableEndpoints(service.endpoints, { local: true }) : cluster;
  for (const endpoint of new Set([...internal, ...external])) compileEndpoint(builder, service, endpoint);

  const clusterKey = `${service.clusterIP} . ${service.protocol} . ${service.port}`;
  if (internal.length === 0) builder.element('no-endpoint-services', clusterKey, service.endpoints.length > 0 && service.internalLocal ? 'goto drop-it' : 'goto reject-it');
  else {
    const chain = `svc-${id}`;
    // From outside the pod network the answer must come back through this node.
    builder.chains.set(chain, [`ip daddr ${service.clusterIP} ip saddr != ${clusterCIDR} ${masquerade}`, ...balance(service, internal)]);
    builder.element('service-ips', clusterKey, `goto ${chain}`);
  }
  compileExternal(builder, { service, id, endpoints: external, clusterCIDR });
}

function compileExternal(builder: RuleBuilder, { service, id, endpoints, clusterCIDR }: { service: ServicePort; id: string; endpoints: readonly ServiceEndpoint[]; clusterCIDR: string }): void {
  const externalIPs = [...service.externalIPs, ...service.loadBalancerIPs];
  if (service.nodePort === undefined && externalIPs.length === 0) return;
  if (endpoints.length === 0) {
    const verdict = service.endpoints.length > 0 && service.externalLocal ? 'goto drop-it' : 'goto reject-it';
    for (const ip of externalIPs) builder.element('no-endpoint-services', `${ip} . ${service.protocol} . ${service.port}`, verdict);
    if (service.nodePort !== undefined) builder.element('no-endpoint-nodeports', `${service.protocol} . ${service.nodePort}`, verdict);
    return;
  }
  const chain = `ext-${id}`;
  // Policy Local keeps the client's address, and never leaves the node; pods and the node itself may always use all endpoints.
  const local = service.externalLocal && usableEndpoints(service.endpoints, { local: false }).length > 0 ? [`ip saddr ${clusterCIDR} goto svc-${id}`, `fib saddr type local ${masquerade}`] : [masquerade];
  builder.chains.set(chain, [...(service.externalLocal && builder.chains.has(`svc-${id}`) ? local : service.externalLocal ? [`fib saddr type local ${masquerade}`] : [masquerade]), ...balance(service, endpoints)]);
  for (const ip of service.externalIPs) builder.element('service-ips', `${ip} . ${service.protocol} . ${service.port}`, `goto ${chain}`);
  const entry = service.loadBalancerSourceRanges.length === 0 ? chain : `lb-${id}`;
  if (entry !== chain) builder.chains.set(entry, [`ip saddr { ${service.loadBalancerSourceRanges.join(', ')} } goto ${chain}`, 'goto drop-later']);
  for (const ip of service.loadBalancerIPs) builder.element('service-ips', `${ip} . ${service.protocol} . ${service.port}`, `goto ${entry}`);
  if (service.nodePort !== undefined) builder.element('service-nodeports', `${service.protocol} . ${service.nodePort}`, `goto ${chain}`);
}

function balance(service: ServicePort, endpoints: readonly ServiceEndpoint[]): readonly string[] {
  const chains = endpoints.map((endpoint) => endpointChain(service, endpoint));
  const sticky = service.affinitySeconds === undefined ? [] : chains.map((chain) => `ip saddr @${affinitySet(chain)} goto ${chain}`);
  return [...sticky, `numgen random mod ${chains.length} vmap { ${chains.map((chain, index) => `${index} : goto ${chain}`).join(', ')} }`];
}

function compileEndpoint(builder: RuleBuilder, service: ServicePort, endpoint: ServiceEndpoint): void {
  const chain = endpointChain(service, endpoint);
  const affinity: string[] = [];
  if (service.affinitySeconds !== undefined) {
    builder.affinitySets.set(affinitySet(chain), service.affinitySeconds);
    affinity.push(`update @${affinitySet(chain)} { ip saddr }`);
  }
  // A pod that reaches itself through its Service must see another source address than its own.
  builder.chains.set(chain, [`ip saddr ${endpoint.ip} ${masquerade}`, ...affinity, `meta l4proto ${service.protocol} dnat to ${endpoint.ip}:${endpoint.port}`]);
}

function compileHostPort(builder: RuleBuilder, { protocol, hostIP, hostPort, podIP, containerPort }: HostPort): void {
  const chain = `hp-${chainId(`${protocol}/${hostIP ?? ''}/${hostPort}/${podIP}`)}`;
  builder.chains.set(chain, [`ip saddr ${podIP} ${masquerade}`, `fib saddr type local ${masquerade}`, `meta l4proto ${protocol} dnat to ${podIP}:${containerPort}`]);
  if (hostIP === undefined) builder.element('hostports', `${protocol} . ${hostPort}`, `goto ${chain}`);
  else builder.element('hostport-ips', `${hostIP} . ${protocol} . ${hostPort}`, `goto ${chain}`);
}

function endpointChain(service: ServicePort, endpoint: ServiceEndpoint): string {
  return `ep-${chainId(`${service.name}/${service.protocol}/${endpoint.ip}:${endpoint.port}`)}`;
}

function affinitySet(chain: string): string {
  return `affinity-${chain.slice('ep-'.length)}`;
}

/** 64 bits of FNV-1a as hexadecimal: names in nft are short, Service names are not. */
export function chainId(text: string): string {
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (let index = 0; index < text.length; index += 1) hash = ((hash ^ BigInt(text.charCodeAt(index))) * 0x100_0000_01b3n) & 0xffff_ffff_ffff_ffffn;
  return hash.toString(16).padStart(16, '0');
}

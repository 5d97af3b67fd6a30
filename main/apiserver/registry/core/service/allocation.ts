import * as core from '../../../../../kube/api/generated/core/v1.ts';
import { fieldInvalid, type FieldError } from '../../../../../kube/apimachinery/field-error.ts';
import { failureStatus, StatusError } from '../../../../../kube/apimachinery/status.ts';
import { newInternalError, newInvalid } from '../../../../../kube/apimachinery/status-errors.ts';
import type { StrategyContext } from '../../generic/strategy.ts';
import type { Reservation, ResourceDefinition } from '../../generic/resource-definition.ts';
import { collect } from '../../validation/build-strategy.ts';
import { isIPv6 } from '../../validation/ip-parse.ts';
import { checkClusterIPFields, keepAllocatedValues, normalizeClusterIPs, withClusterIPs } from './cluster-ip-fields.ts';
import type { Clock } from '../../../../../kube/apimachinery/clock.ts';
import type { AllocationScope, AllocatorMetrics } from './allocator-metrics.ts';
import type { IpAllocator } from './ip-allocator.ts';
import type { PortAllocator } from './port-allocator.ts';
import { HEADLESS, needsClusterIP, needsHealthCheckPort, needsNodePorts, type Service, type ServiceSpec } from './service-kind.ts';

type Hooks = Required<Pick<ResourceDefinition<Service>, 'beginCreate' | 'beginUpdate' | 'afterDelete' | 'restore'>>;
type Family = 'IPv4' | 'IPv6';

/** What one write took and, once it is stored, gives back. */
class Allocation {
  readonly dryRun: boolean;

  constructor(dryRun: boolean) {
    this.dryRun = dryRun;
  }

  readonly takenIps: string[] = [];
  readonly takenPorts = new Set<number>();
  readonly releasedIps: string[] = [];
  readonly releasedPorts: number[] = [];
}

/** Cluster IPs and node ports of Services (upstream: pkg/registry/core/service/storage/alloc.go). */
export class ServiceAllocators implements Hooks {
  readonly #ips: ReadonlyMap<Family, IpAllocator>;
  readonly #primary: Family;
  readonly #ports: PortAllocator;
  readonly #account: Account | undefined;

  constructor(ipAllocators: readonly IpAllocator[], ports: PortAllocator, account?: Account) {
    this.#ips = new Map(ipAllocators.map((allocator) => [allocator.family, allocator]));
    this.#primary = ipAllocators[0]?.family ?? 'IPv4';
    this.#ports = ports;
    this.#account = account;
  }

  restore = (services: readonly Service[]): void => {
    for (const { spec } of services) {
      for (const ip of spec.clusterIPs ?? []) if (ip !== HEADLESS) this.#ips.get(familyOf(ip))?.take(ip);
      for (const port of portsOf(spec)) this.#ports.take(port);
    }
  };

  afterDelete = ({ spec }: Service): void => {
    for (const ip of spec.clusterIPs ?? []) if (ip !== HEADLESS) this.#ips.get(familyOf(ip))?.release(ip);
    for (const port of portsOf(spec)) this.#ports.release(port);
  };

  beginCreate = async (input: Service, context: StrategyContext): Promise<Reservation<Service>> => {
    const allocation = new Allocation(context.dryRun);
    try {
      let service = this.#withFamilies(normalizeClusterIPs(input, undefined), undefined);
      service = this.#withAddresses(service, allocation);
      service = this.#withPorts(service, undefined, allocation);
      return this.#reservation(service, allocation, context);
    } catch (error) {
      this.#giveBack(allocation);
      throw error;
    }
  };

  beginUpdate = async (input: Service, previous: Service, context: StrategyContext): Promise<Reservation<Service>> => {
    const allocation = new Allocation(context.dryRun);
    try {
      let service = normalizeClusterIPs(keepAllocatedValues(input, previous), previous);
      service = this.#withFamilies(service, previous);
      service = this.#updateAddresses(service, previous, allocation);
      service = this.#withPorts(service, previous, allocation);
      return this.#reservation(service, allocation, context);
    } catch (error) {
      this.#giveBack(allocation);
      throw error;
    }
  };

  #reservation(object: Service, allocation: Allocation, { dryRun }: StrategyContext): Reservation<Service> {
    return {
      object,
      commit: () => {
        if (dryRun) this.#giveBack(allocation);
        else this.#release(allocation.releasedIps, allocation.releasedPorts);
      },
      rollback: () => this.#giveBack(allocation),
    };
  }
  #giveBack({ takenIps, takenPorts }: Allocation): void {
    this.#release(takenIps, takenPorts);
  }
  #release(ips: readonly string[], ports: Iterable<number>): void {
    for (const ip of ips) this.#ips.get(familyOf(ip))?.release(ip);
    for (const port of ports) this.#ports.release(port);
  }

  #withFamilies(service: Service, previous: Service | undefined): Service {
    if (!needsClusterIP(service)) return service;
    const bare = service.spec.clusterIP === HEADLESS && Object.keys(service.spec.selector ?? {}).length === 0;
    const ipFamilyPolicy = service.spec.ipFamilyPolicy ?? previous?.spec.ipFamilyPolicy ?? (bare ? 'RequireDualStack' : 'SingleStack');
    const next = { ...service, spec: { ...service.spec, ipFamilyPolicy } };
    refuseIf(next, collect((errors) => checkClusterIPFields(next, previous, errors)));
    const ipFamilies = this.#familiesOfAddresses(next);
    if (bare) return withFamilies(next, ipFamilies.length > 0 ? ipFamilies : [this.#primary], ipFamilyPolicy !== 'SingleStack');
    const errors: FieldError[] = [];
    if (ipFamilyPolicy === 'RequireDualStack' && this.#ips.size < 2) {
      errors.push(fieldInvalid('spec.ipFamilyPolicy', ipFamilyPolicy, 'this cluster is not configured for dual-stack services'));
    }
    for (const [index, family] of ipFamilies.entries()) {
      if (!this.#ips.has(family as Family)) errors.push(fieldInvalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'));
    }
    refuseIf(next, errors);
    return withFamilies(next, ipFamilies.length > 0 ? ipFamilies : [this.#primary], ipFamilyPolicy !== 'SingleStack' && this.#ips.size === 2);
  }

  /** The families that were asked for, or that the given addresses have. */
  #familiesOfAddresses(service: Service): string[] {
    const { clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = service.spec;
    const errors: FieldError[] = [];
    if (ipFamilyPolicy === 'SingleStack') {
      const detail = (what: string) => `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
      if (clusterIPs.length === 2) errors.push(fieldInvalid('spec.ipFamilyPolicy', ipFamilyPolicy, detail('cluster IPs')));
      if (ipFamilies.length === 2) errors.push(fieldInvalid('spec.ipFamilyPolicy', ipFamilyPolicy, detail('IP families')));
    }
    const families = [...ipFamilies];
    for (const [index, ip] of clusterIPs.entries()) {
      if (ip === HEADLESS) break;
      if (index < families.length) continue;
      const family = familyOf(ip);
      if (this.#ips.has(family)) families.push(family);
      else errors.push(fieldInvalid(`spec.clusterIPs[${index}]`, clusterIPs, `${family} is not configured on this cluster`));
    }
    refuseIf(service, errors);
    return families;
  }

  #withAddresses(service: Service, allocation: Allocation): Service {
    if (!needsClusterIP(service) || service.spec.clusterIPs?.[0] === HEADLESS) return service;
    const asked = service.spec.clusterIPs ?? [];
    const clusterIPs = (service.spec.ipFamilies ?? []).map((family, index) => this.#takeAddress(service, family as Family, asked[index], allocation));
    return withClusterIPs(service, clusterIPs[0] ?? '', clusterIPs);
  }

  #takeAddress(service: Service, family: Family, asked: string | undefined, allocation: Allocation): string {
    const allocator = this.#ips.get(family);
    if (allocator === undefined) throw newInternalError(new Error(`no allocator for ${family}`));
    const { metrics, clock } = allocation.dryRun ? NO_ACCOUNT : (this.#account ?? NO_ACCOUNT);
    const startMs = clock?.monotonicMs() ?? 0;
    const ip = asked ?? allocator.findFree();
    const problem = ip === undefined ? 'range is full' : allocator.contains(ip) ? (allocator.take(ip) ? undefined : 'provided IP is already allocated') : notInRange(ip, allocator, allocation);
    metrics?.address(allocator, { scope: scopeOf(asked), elapsedMs: problem === undefined && clock ? clock.monotonicMs() - startMs : undefined });
    if (ip === undefined) throw newInternalError(new Error('failed to allocate a serviceIP: range is full'));
    if (problem !== undefined) {
      refuseIf(service, [fieldInvalid('spec.clusterIPs', service.spec.clusterIPs ?? [ip], `failed to allocate IP ${ip}: ${problem}`)]);
    }
    allocation.takenIps.push(ip);
    return ip;
  }

  #updateAddresses(service: Service, previous: Service, allocation: Allocation): Service {
    if (previous.spec.type === 'ExternalName') return this.#withAddresses(service, allocation);
    const before = previous.spec.clusterIPs ?? [];
    if (before[0] === HEADLESS) return service;
    if (service.spec.type === 'ExternalName') {
      allocation.releasedIps.push(...before);
      return service;
    }
    const families = service.spec.ipFamilies ?? [];
    const kept = service.spec.clusterIPs ?? [];
    const second = families[1];
    if ((previous.spec.ipFamilies ?? []).length === 1 && second !== undefined) {
      const ip = this.#takeAddress(service, second as Family, kept[1], allocation);
      return withClusterIPs(service, kept[0] ?? '', [kept[0] ?? '', ip]);
    }
    if (families.length < (previous.spec.ipFamilies ?? []).length && before[1] !== undefined) allocation.releasedIps.push(before[1]);
    return service;
  }

  #withPorts(service: Service, previous: Service | undefined, allocation: Allocation): Service {
    const before = new Set(previous === undefined ? [] : portsOf(previous.spec));
    let { spec } = service;
    if (needsNodePorts(service)) {
      const ports = this.#nodePorts(service, before, allocation);
      if (previous !== undefined) refuseSharedNodePorts(ports);
      spec = { ...spec, ports };
    }
    if (needsHealthCheckPort({ ...service, spec })) spec = { ...spec, healthCheckNodePort: this.#healthCheckPort(spec, before, allocation) };
    const now = new Set(portsOf(spec));
    for (const port of before) if (!now.has(port)) allocation.releasedPorts.push(port);
    return spec === service.spec ? service : { ...service, spec };
  }

  /** One number serves all protocols of a port: what TCP 53 has, UDP 53 gets, too. */
  #nodePorts(service: Service, before: ReadonlySet<number>, allocation: Allocation): core.ServicePort[] {
    const { spec } = service;
    const chosen = new Map<number, number>();
    return (spec.ports ?? []).map((port, index) => {
      const allocates = spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false;
      if (!port.nodePort && !allocates) return port;
      const shared = chosen.get(port.port);
      if (shared !== undefined && (!port.nodePort || port.nodePort === shared)) return { ...port, nodePort: shared };
      const asked = port.nodePort || spec.ports?.find((other) => other.port === port.port && other.nodePort)?.nodePort;
      const nodePort = this.#takePort(asked, before, allocation, (problem) => newInvalid(SERVICE, service.metadata.name, [fieldInvalid(`spec.ports[${index}].nodePort`, asked, problem)]));
      if (shared === undefined) chosen.set(port.port, nodePort);
      return { ...port, nodePort };
    });
  }

  #healthCheckPort(spec: ServiceSpec, before: ReadonlySet<number>, allocation: Allocation): number {
    const asked = spec.healthCheckNodePort || undefined;
    return this.#takePort(asked, before, allocation, (problem) => newInternalError(new Error(`failed to allocate requested HealthCheck NodePort ${asked}: ${problem}`)));
  }

  #takePort(asked: number | undefined, before: ReadonlySet<number>, allocation: Allocation, refuse: (problem: string) => Error): number {
    if (asked !== undefined && before.has(asked)) return asked;
    const port = asked ?? this.#ports.findFree(before);
    const failed = port === undefined || this.#ports.isTaken(port) || !this.#ports.contains(port);
    if (!allocation.dryRun) this.#account?.metrics.port({ scope: scopeOf(asked), failed });
    if (port === undefined) throw newInternalError(new Error('failed to allocate a nodePort: range is full'));
    const { first, last } = this.#ports;
    // A dry run upstream only asks who has the port.
    if (!this.#ports.contains(port) && !allocation.dryRun) throw refuse(`provided port is not in the valid range. The range of valid ports is ${first}-${last}`);
    if (this.#ports.isTaken(port)) throw refuse('provided port is already allocated');
    this.#ports.take(port);
    allocation.takenPorts.add(port);
    return port;
  }
}

/** Who is told of what is handed out, and how long it took to find. */
interface Account {
  readonly metrics: AllocatorMetrics;
  readonly clock: Clock;
}

const NO_ACCOUNT: Partial<Account> = {};

function scopeOf(asked: unknown): AllocationScope {
  return asked === undefined ? 'dynamic' : 'static';
}

function notInRange(ip: string, { cidr }: IpAllocator, { dryRun }: Allocation): string {
  return dryRun ? `the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${cidr}` : 'the provided network does not match the current range';
}

const SERVICE = { group: '', kind: 'Service' };

function refuseIf(service: Service, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw newInvalid(SERVICE, service.metadata.name, errors);
}
function familyOf(ip: string): Family {
  return isIPv6(ip) ? 'IPv6' : 'IPv4';
}
function withFamilies(service: Service, families: readonly string[], addOther: boolean): Service {
  const other = families[0] === 'IPv4' ? 'IPv6' : 'IPv4';
  const ipFamilies = families.length === 1 && addOther ? [families[0] ?? '', other] : [...families];
  return { ...service, spec: { ...service.spec, ipFamilies } };
}
/** Upstream finds these while it allocates for an update, before anything is validated. */
function refuseSharedNodePorts(ports: readonly core.ServicePort[]): void {
  const seen = new Set<string>();
  for (const { protocol, nodePort } of ports) {
    if (!nodePort) continue;
    const id = `${protocol} ${nodePort}`;
    if (seen.has(id)) throw new StatusError(failureStatus({ code: 500, reason: '', message: `duplicate nodePort: {${id}}` }));
    seen.add(id);
  }
}

function portsOf({ ports, healthCheckNodePort }: ServiceSpec): number[] {
  const all = (ports ?? []).map(({ nodePort }) => nodePort ?? 0);
  return [...new Set([...all, healthCheckNodePort ?? 0])].filter((port) => port !== 0);
}

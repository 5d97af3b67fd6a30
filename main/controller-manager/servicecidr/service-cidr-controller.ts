import { isAlreadyExists, isNotFound } from '../../../kube/apimachinery/status.ts';
import { formatTime, parseTime } from '../../../kube/apimachinery/time.ts';
import { type Service, services } from '../../../kube/api/generated/core/v1.ts';
import { type IPAddress, ipaddresses, type ServiceCIDR, servicecidrs } from '../../../kube/api/generated/networking/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { cidrContains } from './address-ranges.ts';

const FINALIZER = 'networking.k8s.io/service-cidr-finalizer';
const FAMILY = 'ipaddress.kubernetes.io/ip-family';
const MANAGED_BY = 'ipaddress.kubernetes.io/managed-by';
const ALLOCATOR = 'ipallocator.k8s.io';
/** Who writes the addresses upstream, and so manages their fields. */
const ALLOCATES = 'kube-apiserver';
/** Upstream: deletionGracePeriod. Allocators hear of a deletion before its range is gone. */
const DELETION_GRACE_MS = 10_000;
const TERMINATING = 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';

/**
 * Makes ServiceCIDRs ready, keeps those that are still needed from going, and keeps one IPAddress for each address of a Service.
 * Keys: `cidr/NAME` and `address/IP`. Differs from upstream: there the API server writes the IPAddress within the Service's create, and
 * repairs what is missing; here it follows a moment later.
 */
export class ServiceCIDRController implements Controller {
  readonly name = 'service-cidr-controller';
  readonly workers = 5;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #cidrs: Informer<ServiceCIDR>;
  readonly #addresses: Informer<IPAddress>;
  readonly #services: Informer<Service>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#cidrs = context.informers.informer(servicecidrs);
    this.#addresses = context.informers.informer(ipaddresses);
    this.#services = context.informers.informer(services, { indexers: { clusterIP: addressesOf } });
    this.watches = [
      { informer: this.#cidrs, keysFor: (cidr: ServiceCIDR) => [`cidr/${cidr.metadata.name}`, ...this.#goingCidrs()] },
      { informer: this.#addresses, keysFor: ({ metadata }: IPAddress) => [`address/${metadata.name}`, ...this.#goingCidrs()] },
      { informer: this.#services, keysFor: (service: Service, previous?: Service) => [...addressesOf(service), ...addressesOf(previous)].map((ip) => `address/${ip}`) },
    ] as readonly ControllerWatch[];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<{ requeueAfterMs?: number } | void> {
    const slash = key.indexOf('/');
    const name = key.slice(slash + 1);
    return key.slice(0, slash) === 'cidr' ? this.#syncCidr(name, signal) : this.#syncAddress(name, signal);
  }

  #goingCidrs(): readonly string[] {
    return this.#cidrs.lister.list().flatMap(({ metadata }) => (metadata.deletionTimestamp === undefined ? [] : [`cidr/${metadata.name}`]));
  }

  async #syncCidr(name: string, signal: AbortSignal): Promise<{ requeueAfterMs?: number } | void> {
    const cidr = this.#cidrs.lister.get(name);
    if (cidr === undefined) return;
    const { deletionTimestamp, finalizers = [] } = cidr.metadata;
    if (deletionTimestamp === undefined) {
      if (!finalizers.includes(FINALIZER)) await this.#setFinalizers(cidr, [...finalizers, FINALIZER], signal);
      return this.#setReady(cidr, { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' }, signal);
    }
    if (this.#isNeeded(cidr)) return this.#setReady(cidr, { status: 'False', reason: 'Terminating', message: TERMINATING }, signal);
    const leftMs = (parseTime(deletionTimestamp) ?? 0) + DELETION_GRACE_MS - this.#context.clock.now();
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    if (finalizers.includes(FINALIZER)) await this.#setFinalizers(cidr, finalizers.filter((finalizer) => finalizer !== FINALIZER), signal);
  }

  /** Some address of a Service is in this range and in no other, and no other range holds all of this one. */
  #isNeeded({ metadata, spec }: ServiceCIDR): boolean {
    const own = spec?.cidrs ?? [];
    const others = this.#cidrs.lister.list().filter((other) => other.metadata.name !== metadata.name).flatMap((other) => other.spec?.cidrs ?? []);
    if (own.every((range) => others.some((other) => cidrContains(other, range)))) return false;
    const within = (ranges: readonly string[], ip: string): boolean => ranges.some((range) => cidrContains(range, ip));
    return this.#addresses.lister.list().some((address) => isOurs(address) && within(own, address.metadata.name) && !within(others, address.metadata.name));
  }

  async #setFinalizers(cidr: ServiceCIDR, finalizers: readonly string[], signal: AbortSignal): Promise<void> {
    const { name, uid, resourceVersion } = cidr.metadata;
    const patch = { metadata: { uid, resourceVersion, finalizers: finalizers.length > 0 ? finalizers : null } };
    await this.#context.client.patch(servicecidrs, { name }, { type: 'merge', patch }, { signal });
  }

  async #setReady(cidr: ServiceCIDR, wanted: { readonly status: 'True' | 'False'; readonly reason: string; readonly message: string }, signal: AbortSignal): Promise<void> {
    const known = cidr.status?.conditions?.find(({ type }) => type === 'Ready');
    if (known?.status === wanted.status && known.reason === wanted.reason && known.message === wanted.message) return;
    const condition = { type: 'Ready', ...wanted, lastTransitionTime: formatTime(this.#context.clock.now()) };
    const { name } = cidr.metadata;
    const patch = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name }, status: { conditions: [condition] } };
    await this.#context.client.patch(servicecidrs, { name }, { type: 'apply', patch }, { subresource: 'status', fieldManager: this.name, force: true, signal });
  }

  async #syncAddress(ip: string, signal: AbortSignal): Promise<void> {
    const { client } = this.#context;
    const [owner] = this.#services.lister.byIndex('clusterIP', ip);
    const current = this.#addresses.lister.get(ip);
    try {
      if (current !== undefined && isOurs(current) && !refersTo(current, owner)) {
        await client.delete(ipaddresses, { name: ip }, { preconditions: { uid: current.metadata.uid }, signal });
      } else if (current === undefined && owner !== undefined) {
        await client.create(ipaddresses, newAddress(ip, owner), { fieldManager: ALLOCATES, signal });
      }
    } catch (error) {
      if (!isAlreadyExists(error) && !isNotFound(error)) throw error;
    }
  }
}

function addressesOf(service: Service | undefined): readonly string[] {
  const { clusterIPs = [], type } = service?.spec ?? {};
  return type === 'ExternalName' ? [] : clusterIPs.filter((ip) => ip !== '' && ip !== 'None');
}

function isOurs({ metadata }: IPAddress): boolean {
  return metadata.labels?.[MANAGED_BY] === ALLOCATOR;
}

function refersTo({ spec }: IPAddress, owner: Service | undefined): boolean {
  return owner !== undefined && spec?.parentRef?.namespace === owner.metadata.namespace && spec?.parentRef?.name === owner.metadata.name;
}

function newAddress(ip: string, { metadata: { namespace, name } }: Service): IPAddress {
  const family = ip.includes(':') ? 'IPv6' : 'IPv4';
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: { name: ip, labels: { [FAMILY]: family, [MANAGED_BY]: ALLOCATOR } },
    spec: { parentRef: { group: '', resource: 'services', namespace, name } },
  };
}

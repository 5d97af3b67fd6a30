import type { Service } from '../../kube/api/generated/core/v1.ts';
import type { EndpointSlice } from '../../kube/api/generated/discovery/v1.ts';

export type RecordData =
  | { readonly type: 'A'; readonly name: string; readonly address: string }
  | { readonly type: 'CNAME'; readonly name: string; readonly target: string }
  | { readonly type: 'SRV'; readonly name: string; readonly target: string; readonly port: number; readonly weight: number }
  | { readonly type: 'PTR'; readonly name: string; readonly target: string }
  | { readonly type: 'TXT'; readonly name: string; readonly text: string };

/** `exists` tells NODATA (the name has records of other types) from NXDOMAIN. */
export interface ZoneAnswer {
  readonly exists: boolean;
  readonly records: readonly RecordData[];
  /** Addresses of SRV targets. */
  readonly additional: readonly RecordData[];
}

const serviceNameLabel = 'kubernetes.io/service-name';
const notFound: ZoneAnswer = { exists: false, records: [], additional: [] };
const podAddress = /^(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})$/u;

/**
 * The cluster's names (Kubernetes DNS specification 1.1.0): Services, headless endpoints with their host names, named ports, pods by address, and back.
 * Immutable: made anew from the informers after a change; lookups cost one map access.
 */
export class Zone {
  readonly domain: string;
  readonly #byName = new Map<string, RecordData[]>();
  /** Names that exist only because others lie below them (`default.svc.cluster.local`). */
  readonly #nodes = new Set<string>();

  constructor({ domain, services, slices }: { readonly domain: string; readonly services: readonly Service[]; readonly slices: readonly EndpointSlice[] }) {
    this.domain = domain;
    const byService = Map.groupBy(slices.filter((slice) => slice.addressType === 'IPv4'), (slice) => `${slice.metadata.namespace}/${slice.metadata.labels?.[serviceNameLabel] ?? ''}`);
    for (const service of services) this.#addService(service, byService.get(`${service.metadata.namespace}/${service.metadata.name}`) ?? []);
    this.#add({ type: 'TXT', name: `dns-version.${domain}`, text: '1.1.0' });
    for (const below of ['svc', 'pod']) this.#nodes.add(`${below}.${domain}`);
  }

  /** Is this name ours to answer, existing or not? */
  covers(name: string): boolean {
    return name === this.domain || name.endsWith(`.${this.domain}`) || this.#byName.has(name);
  }

  /** `name` in lower case without the final dot. */
  lookup(name: string, type: string): ZoneAnswer {
    const all = this.#byName.get(name) ?? podRecord(name, this.domain);
    if (all === undefined) return name === this.domain || this.#nodes.has(name) ? { ...notFound, exists: true } : notFound;
    const alias = all.find((record) => record.type === 'CNAME');
    const records = alias === undefined || type === 'CNAME' ? all.filter((record) => record.type === type || type === 'ANY') : [alias];
    const additional = records.flatMap((record) => (record.type === 'SRV' ? (this.#byName.get(record.target) ?? []).filter((target) => target.type === 'A') : []));
    return { exists: true, records, additional };
  }

  #addService(service: Service, slices: readonly EndpointSlice[]): void {
    const base = `${service.metadata.name}.${service.metadata.namespace}.svc.${this.domain}`;
    const { clusterIP, type, externalName, ports } = service.spec;
    if (type === 'ExternalName') {
      if (externalName) this.#add({ type: 'CNAME', name: base, target: externalName.replace(/\.$/u, '').toLowerCase() });
      return;
    }
    if (clusterIP === 'None') return this.#addHeadless(base, slices, service.spec.publishNotReadyAddresses === true);
    if (clusterIP === undefined || clusterIP === '' || clusterIP.includes(':')) return;
    this.#add({ type: 'A', name: base, address: clusterIP });
    this.#add({ type: 'PTR', name: reverseName(clusterIP), target: base });
    for (const port of ports ?? []) {
      if (port.name) this.#add({ type: 'SRV', name: `_${port.name}._${(port.protocol ?? 'TCP').toLowerCase()}.${base}`.toLowerCase(), target: base, port: port.port, weight: 100 });
    }
  }

  #addHeadless(base: string, slices: readonly EndpointSlice[], publishNotReady: boolean): void {
    const seen = new Set<string>();
    this.#nodes.add(base);
    for (const slice of slices) {
      for (const endpoint of slice.endpoints ?? []) {
        const address = endpoint.addresses[0];
        if (address === undefined || !(publishNotReady || (endpoint.conditions?.ready ?? true))) continue;
        const target = `${endpoint.hostname ?? address.replaceAll('.', '-')}.${base}`;
        if (!seen.has(address)) {
          seen.add(address);
          this.#add({ type: 'A', name: base, address });
          this.#add({ type: 'A', name: target, address });
          if (endpoint.hostname !== undefined) this.#add({ type: 'PTR', name: reverseName(address), target });
        }
        for (const port of slice.ports ?? []) {
          if (port.name && port.port !== undefined) this.#add({ type: 'SRV', name: `_${port.name}._${(port.protocol ?? 'TCP').toLowerCase()}.${base}`.toLowerCase(), target, port: port.port, weight: 100 });
        }
      }
    }
  }

  #add(record: RecordData): void {
    const records = this.#byName.get(record.name);
    if (records === undefined) this.#byName.set(record.name, [record]);
    else records.push(record);
    for (let dot = record.name.indexOf('.'); dot >= 0; dot = record.name.indexOf('.', dot + 1)) this.#nodes.add(record.name.slice(dot + 1));
  }
}

/** `10-244-1-7.default.pod.cluster.local` is 10.244.1.7, whether such a pod exists or not (CoreDNS: pods insecure). */
function podRecord(name: string, domain: string): readonly RecordData[] | undefined {
  const suffix = `.pod.${domain}`;
  if (!name.endsWith(suffix)) return undefined;
  const [first = '', namespace, ...rest] = name.slice(0, -suffix.length).split('.');
  const match = podAddress.exec(first);
  if (match === null || namespace === undefined || rest.length > 0) return undefined;
  const parts = match.slice(1).map(Number);
  return parts.some((part) => part > 255) ? undefined : [{ type: 'A', name, address: parts.join('.') }];
}

function reverseName(address: string): string {
  return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
}

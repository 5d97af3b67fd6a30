import type { EndpointAddress, EndpointPort as LegacyPort, Endpoints } from '../../../kube/api/generated/core/v1.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../../kube/api/generated/discovery/v1.ts';
import { newControllerRef } from '../controller-ref.ts';
import { semanticEqual } from '../semantic-equal.ts';
import { MANAGED_BY, SERVICE_NAME, type SlicePlan } from './plan-slices.ts';
import type { AddressType } from './service-endpoints.ts';

export const MIRRORING_CONTROLLER = 'endpointslicemirroring-controller.k8s.io';
/** Upstream: mirroring-max-endpoints-per-subset. */
export const MAX_MIRRORED = 1000;
const NOT_MIRRORED = new Set(['endpoints.kubernetes.io/last-change-trigger-time', 'kubectl.kubernetes.io/last-applied-configuration']);

export interface MirrorPlan extends SlicePlan {
  /** Addresses that did not fit. */
  readonly skipped: number;
}

interface Group {
  readonly addressType: AddressType;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: Endpoint[];
}

/** One slice for the addresses of one family behind the same ports (upstream: endpointslicemirroring/reconciler.go). */
export function planMirroredSlices(endpoints: Endpoints, existing: readonly EndpointSlice[]): MirrorPlan {
  const { groups, skipped } = groupAddresses(endpoints);
  const unclaimed = new Set(existing);
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  for (const group of groups) {
    const wanted = newMirroredSlice(endpoints, group);
    const found = existing.find((slice) => unclaimed.has(slice) && slice.addressType === group.addressType && semanticEqual(slice.ports ?? [], group.ports));
    if (found === undefined) {
      create.push(wanted);
      continue;
    }
    unclaimed.delete(found);
    const { labels, annotations, ownerReferences } = wanted.metadata;
    const isSame = semanticEqual(found.endpoints, wanted.endpoints) && semanticEqual(found.metadata.labels, labels) && semanticEqual(found.metadata.annotations ?? {}, annotations);
    if (!isSame) update.push({ ...found, metadata: { ...found.metadata, labels, annotations, ownerReferences }, endpoints: wanted.endpoints });
  }
  return { create, update, delete: [...unclaimed], skipped };
}

function groupAddresses({ subsets = [] }: Endpoints): { readonly groups: readonly Group[]; readonly skipped: number } {
  const groups = new Map<string, Group>();
  let skipped = 0;
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
    const all = [...addresses.map((address) => newEndpoint(address, true)), ...notReadyAddresses.map((address) => newEndpoint(address, false))];
    skipped += Math.max(0, all.length - MAX_MIRRORED);
    for (const endpoint of all.slice(0, MAX_MIRRORED)) addTo(groups, { endpoint, ports: ports.map(newPort) });
  }
  return { groups: [...groups.values()], skipped };
}

function addTo(groups: Map<string, Group>, { endpoint, ports }: { readonly endpoint: Endpoint; readonly ports: readonly EndpointPort[] }): void {
  const [address = ''] = endpoint.addresses;
  const addressType = address.includes(':') ? 'IPv6' : 'IPv4';
  const key = JSON.stringify([addressType, ports]);
  const group = groups.get(key) ?? { addressType, ports, endpoints: [] };
  groups.set(key, group);
  if (!group.endpoints.some(({ addresses }) => addresses[0] === address)) group.endpoints.push(endpoint);
}

function newEndpoint({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return { addresses: [ip], conditions: { ready }, ...(targetRef && { targetRef }), ...(nodeName && { nodeName }), ...(hostname && { hostname }) };
}

function newPort({ name = '', port, protocol = 'TCP', appProtocol }: LegacyPort): EndpointPort {
  return { name, port, protocol, ...(appProtocol !== undefined && { appProtocol }) };
}

function newMirroredSlice(endpoints: Endpoints, group: Group): EndpointSlice {
  const { name, namespace, labels } = endpoints.metadata;
  const annotations = Object.fromEntries(Object.entries(endpoints.metadata.annotations ?? {}).filter(([key]) => !NOT_MIRRORED.has(key)));
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: '', generateName: `${name}-`, namespace, annotations,
      labels: { ...labels, [SERVICE_NAME]: name, [MANAGED_BY]: MIRRORING_CONTROLLER },
      ownerReferences: [newControllerRef(endpoints)],
    },
    addressType: group.addressType,
    endpoints: group.endpoints,
    ports: [...group.ports],
  };
}

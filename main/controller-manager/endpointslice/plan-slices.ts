import type { Service } from '../../../kube/api/generated/core/v1.ts';
import type { Endpoint, EndpointSlice } from '../../../kube/api/generated/discovery/v1.ts';
import { newControllerRef } from '../controller-ref.ts';
import { semanticEqual } from '../semantic-equal.ts';
import type { AddressType, EndpointGroup } from './service-endpoints.ts';

export const SERVICE_NAME = 'kubernetes.io/service-name';
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const CONTROLLER = 'endpointslice-controller.k8s.io';
const HEADLESS = 'service.kubernetes.io/headless';
/** Upstream: max-endpoints-per-slice. */
const MAX_ENDPOINTS = 100;

export interface SlicePlan {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly delete: readonly EndpointSlice[];
}

/**
 * Brings the slices of one address family in line with the endpoints, with few writes: an endpoint stays in the slice it is in, new ones fill
 * up slices that change anyway, then others with room, then new slices (upstream: endpointslice/reconciler).
 */
export function planSlices(
  service: Service,
  options: { readonly addressType: AddressType; readonly groups: readonly EndpointGroup[]; readonly existing: readonly EndpointSlice[] },
): SlicePlan {
  const { addressType, groups } = options;
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  const unclaimed = new Set(options.existing);
  const labels = sliceLabels(service);
  for (const { ports, endpoints } of groups.length > 0 ? groups : [{ ports: [], endpoints: [] }]) {
    const mine = options.existing.filter((slice) => unclaimed.has(slice) && semanticEqual(slice.ports, ports));
    const wanted = new Map(endpoints.map((endpoint) => [endpointKey(endpoint), endpoint]));
    const kept = mine.map((slice) => ({ slice, endpoints: keepWanted(slice, wanted) }));
    const room = kept.toSorted((a, b) => Number(isChanged(b)) - Number(isChanged(a)));
    for (const target of room) {
      for (const [key, endpoint] of wanted) {
        if (target.endpoints.length >= MAX_ENDPOINTS) break;
        target.endpoints.push(endpoint);
        wanted.delete(key);
      }
    }
    const used = kept.filter((target, i) => target.endpoints.length > 0 || (endpoints.length === 0 && i === 0));
    for (const target of used) {
      unclaimed.delete(target.slice);
      const same = semanticEqual(target.slice.endpoints, target.endpoints) && semanticEqual(target.slice.metadata.labels, labels);
      if (!same) update.push({ ...target.slice, metadata: { ...target.slice.metadata, labels }, endpoints: target.endpoints });
    }
    const rest = [...wanted.values()];
    // A Service without endpoints keeps one empty slice.
    const count = endpoints.length === 0 && used.length === 0 ? 1 : Math.ceil(rest.length / MAX_ENDPOINTS);
    for (let i = 0; i < count; i++) {
      create.push(newSlice(service, { addressType, labels, ports: [...ports], endpoints: rest.slice(i * MAX_ENDPOINTS, (i + 1) * MAX_ENDPOINTS) }));
    }
  }
  return { create, update, delete: [...unclaimed] };
}

/** The wanted state of the endpoints that are in the slice and still wanted; takes them off the list. */
function keepWanted(slice: EndpointSlice, wanted: Map<string, Endpoint>): Endpoint[] {
  return (slice.endpoints ?? []).flatMap((endpoint) => {
    const key = endpointKey(endpoint);
    const desired = wanted.get(key);
    if (desired === undefined) return [];
    wanted.delete(key);
    return [desired];
  });
}

function isChanged({ slice, endpoints }: { readonly slice: EndpointSlice; readonly endpoints: readonly Endpoint[] }): boolean {
  return !semanticEqual(slice.endpoints, endpoints);
}

function endpointKey({ addresses, targetRef }: Endpoint): string {
  return `${addresses.join()}|${targetRef?.uid ?? ''}`;
}

function sliceLabels(service: Service): Record<string, string> {
  const labels: Record<string, string> = { ...service.metadata.labels };
  delete labels[HEADLESS];
  const clusterIP = service.spec?.clusterIP;
  return { ...labels, [SERVICE_NAME]: service.metadata.name, [MANAGED_BY]: CONTROLLER, ...((clusterIP === 'None' || !clusterIP) && { [HEADLESS]: '' }) };
}

function newSlice(
  service: Service,
  slice: { readonly addressType: AddressType; readonly labels: Record<string, string>; readonly ports: EndpointSlice['ports']; readonly endpoints: Endpoint[] },
): EndpointSlice {
  const { addressType, labels, ports, endpoints } = slice;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: '', generateName: `${service.metadata.name}-`, namespace: service.metadata.namespace, labels, ownerReferences: [newControllerRef(service)] },
    addressType,
    endpoints,
    ports,
  };
}

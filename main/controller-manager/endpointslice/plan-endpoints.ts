import type { EndpointAddress, Endpoints, EndpointSubset, Pod, Service } from '../../../kube/api/generated/core/v1.ts';
import { isPodReady } from '../pod-conditions.ts';
import { belongsInEndpoints, endpointPorts } from './service-endpoints.ts';

const HEADLESS = 'service.kubernetes.io/headless';
const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';
/** Upstream: maxCapacity. */
const MAX_ADDRESSES = 1000;

/** The legacy Endpoints of a Service: one subset per set of ports (upstream: pkg/controller/endpoint). */
export function buildEndpoints(service: Service, pods: readonly Pod[]): Endpoints {
  const tolerateUnready = service.spec?.publishNotReadyAddresses === true;
  const headless = service.spec?.clusterIP === 'None';
  const subsets = new Map<string, { addresses: EndpointAddress[]; notReadyAddresses: EndpointAddress[]; ports: EndpointSubset['ports'] }>();
  for (const pod of pods.slice(0, MAX_ADDRESSES)) {
    if (!belongsInEndpoints(pod, { includeTerminating: tolerateUnready })) continue;
    const ports = endpointPorts(service, pod).map(({ name, ...port }) => ({ ...(name && { name }), ...port, port: port.port ?? 0 }));
    if (ports.length === 0 && !(headless && (service.spec?.ports ?? []).length === 0)) continue;
    const key = JSON.stringify(ports);
    const subset = subsets.get(key) ?? { addresses: [], notReadyAddresses: [], ports };
    (tolerateUnready || isPodReady(pod) ? subset.addresses : subset.notReadyAddresses).push(addressOf(service, pod));
    subsets.set(key, subset);
  }
  const byIP = (a: EndpointAddress, b: EndpointAddress): number => (a.ip < b.ip ? -1 : 1);
  const labels = { ...service.metadata.labels, [MANAGED_BY]: 'endpoint-controller', ...(headless && { [HEADLESS]: '' }) };
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name: service.metadata.name,
      namespace: service.metadata.namespace,
      labels,
      ...(pods.length > MAX_ADDRESSES && { annotations: { [OVER_CAPACITY]: 'truncated' } }),
    },
    subsets: [...subsets.values()].map(({ addresses, notReadyAddresses, ports }) => ({
      ...(addresses.length > 0 && { addresses: addresses.toSorted(byIP) }),
      ...(notReadyAddresses.length > 0 && { notReadyAddresses: notReadyAddresses.toSorted(byIP) }),
      ...((ports ?? []).length > 0 && { ports }),
    })),
  };
}

function addressOf(service: Service, pod: Pod): EndpointAddress {
  const { name, namespace, uid } = pod.metadata;
  const { hostname, subdomain, nodeName } = pod.spec;
  return {
    ip: pod.status?.podIP ?? '',
    ...(hostname && subdomain === service.metadata.name && { hostname }),
    ...(nodeName && { nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

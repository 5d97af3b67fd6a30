import type { EndpointAddress, Endpoints, EndpointSubset, Pod, Service } from '../../../kube/api/generated/core/v1.ts';
import { isPodReady } from '../pod-conditions.ts';
import { belongsInEndpoints, endpointPorts } from './service-endpoints.ts';
import { truncatedSubsets } from './truncated-subsets.ts';

const HEADLESS = 'service.kubernetes.io/headless';
const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
export const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';

/** The legacy Endpoints of a Service: one subset per set of ports (upstream: pkg/controller/endpoint). */
export function buildEndpoints(service: Service, pods: readonly Pod[]): Endpoints {
  const { name, namespace, labels } = service.metadata;
  const hasAddress = !['', 'None'].includes(service.spec?.clusterIP ?? '');
  const { subsets, isTruncated } = truncatedSubsets(subsetsOf(service, pods));
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name,
      namespace,
      labels: { ...labels, [MANAGED_BY]: 'endpoint-controller', ...(!hasAddress && { [HEADLESS]: '' }) },
      ...(isTruncated && { annotations: { [OVER_CAPACITY]: 'truncated' } }),
    },
    subsets,
  };
}

function subsetsOf(service: Service, pods: readonly Pod[]): readonly EndpointSubset[] {
  const { publishNotReadyAddresses: toleratesUnready = false, clusterIP, ports: servicePorts = [] } = service.spec ?? {};
  const needsNoPorts = clusterIP === 'None' && servicePorts.length === 0;
  const subsets = new Map<string, { addresses: EndpointAddress[]; notReadyAddresses: EndpointAddress[]; ports: EndpointSubset['ports'] }>();
  for (const pod of pods) {
    if (!belongsInEndpoints(pod, { includeTerminating: toleratesUnready })) continue;
    const address = addressOf(service, pod);
    const ports = endpointPorts(service, pod).map(({ name, ...port }) => ({ ...(name && { name }), ...port, port: port.port ?? 0 }));
    if (address === undefined || (ports.length === 0 && !needsNoPorts)) continue;
    const key = JSON.stringify(ports);
    const subset = subsets.get(key) ?? { addresses: [], notReadyAddresses: [], ports };
    (toleratesUnready || isPodReady(pod) ? subset.addresses : subset.notReadyAddresses).push(address);
    subsets.set(key, subset);
  }
  const byIP = (a: EndpointAddress, b: EndpointAddress): number => (a.ip < b.ip ? -1 : 1);
  return [...subsets.values()].map(({ addresses, notReadyAddresses, ports }) => ({
    ...(addresses.length > 0 && { addresses: addresses.toSorted(byIP) }),
    ...(notReadyAddresses.length > 0 && { notReadyAddresses: notReadyAddresses.toSorted(byIP) }),
    ...((ports ?? []).length > 0 && { ports }),
  }));
}

/** In the Service's first address family; undefined when the pod has no address in it. */
function addressOf(service: Service, pod: Pod): EndpointAddress | undefined {
  const { name, namespace, uid } = pod.metadata;
  const { hostname, subdomain, nodeName } = pod.spec;
  const { ipFamilies: [family] = [], clusterIP = '' } = service.spec ?? {};
  const isWantedIPv6 = (family ?? (clusterIP.includes(':') ? 'IPv6' : 'IPv4')) === 'IPv6';
  const ip = pod.status?.podIPs?.find((one) => (one.ip ?? '').includes(':') === isWantedIPv6)?.ip;
  if (!ip) return undefined;
  return {
    ip,
    ...(hostname && subdomain === service.metadata.name && { hostname }),
    ...(nodeName && { nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

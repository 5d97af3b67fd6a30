import type { Node, Pod, Service, ServicePort } from '../../../kube/api/generated/core/v1.ts';
import type { Endpoint, EndpointPort } from '../../../kube/api/generated/discovery/v1.ts';
import { isPodReady, isPodTerminal } from '../pod-conditions.ts';

export type AddressType = 'IPv4' | 'IPv6';

/** Endpoints that share their ports; a named target port may differ from pod to pod. */
export interface EndpointGroup {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

/** Which address families a Service has; those without a cluster IP (headless, older) say so in ipFamilies too. */
export function addressTypesOf(service: Service): readonly AddressType[] {
  const families = service.spec?.ipFamilies ?? [];
  return families.length > 0 ? (families as AddressType[]) : ['IPv4'];
}

/** Upstream: ShouldPodBeInEndpoints. */
export function belongsInEndpoints(pod: Pod, options: { readonly includeTerminating: boolean }): boolean {
  if (isPodTerminal(pod) || (pod.status?.podIPs ?? []).length === 0) return false;
  return options.includeTerminating || pod.metadata.deletionTimestamp === undefined;
}

export function groupEndpoints(
  service: Service,
  options: { readonly pods: readonly Pod[]; readonly addressType: AddressType; readonly node: (name: string) => Node | undefined },
): readonly EndpointGroup[] {
  const groups = new Map<string, { ports: readonly EndpointPort[]; endpoints: Endpoint[] }>();
  for (const pod of options.pods) {
    if (!belongsInEndpoints(pod, { includeTerminating: true })) continue;
    const address = pod.status?.podIPs?.find(({ ip = '' }) => ip.includes(':') === (options.addressType === 'IPv6'))?.ip;
    if (!address) continue;
    const ports = endpointPorts(service, pod);
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(newEndpoint(service, { pod, address, node: options.node(pod.spec.nodeName ?? '') }));
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** The Service's ports as this pod serves them; a name that the pod does not have is left out. */
export function endpointPorts(service: Service, pod: Pod): readonly EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((port) => {
    const number = targetPort(port, pod);
    if (number === undefined) return [];
    const { name = '', protocol = 'TCP', appProtocol } = port;
    return [{ name, port: number, protocol, ...(appProtocol !== undefined && { appProtocol }) }];
  });
}

function targetPort({ targetPort: target, port, protocol = 'TCP' }: ServicePort, pod: Pod): number | undefined {
  if (target === undefined || target === 0 || target === '') return port;
  if (typeof target === 'number') return target;
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  for (const container of [...pod.spec.containers, ...sidecars]) {
    const found = container.ports?.find(({ name, protocol: its = 'TCP' }) => name === target && its === protocol);
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}

function newEndpoint(service: Service, { pod, address, node }: { readonly pod: Pod; readonly address: string; readonly node: Node | undefined }): Endpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const { name, namespace, uid } = pod.metadata;
  const zone = node?.metadata.labels?.['topology.kubernetes.io/zone'];
  const { hostname, subdomain, nodeName } = pod.spec;
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(nodeName && { nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(zone !== undefined && { zone }),
    ...(ready && hintsOf(service, { zone, nodeName })),
    ...(hostname && subdomain === service.metadata.name && { hostname }),
  };
}

const CLOSE = new Set<string | undefined>(['PreferClose', 'PreferSameZone', 'PreferSameNode']);

/** From where an endpoint is preferred, where the Service asks for traffic to stay close (upstream: endpointslice/trafficdist). */
function hintsOf(service: Service, { zone, nodeName }: { readonly zone: string | undefined; readonly nodeName: string | undefined }): Pick<Endpoint, 'hints'> {
  const distribution = service.spec?.trafficDistribution;
  if (!CLOSE.has(distribution)) return {};
  const isByNode = distribution === 'PreferSameNode' && nodeName !== undefined;
  if (zone === undefined && !isByNode) return {};
  return { hints: { ...(zone !== undefined && { forZones: [{ name: zone }] }), ...(isByNode && { forNodes: [{ name: nodeName }] }) } };
}

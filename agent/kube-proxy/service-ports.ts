import type { Pod, Service, ServicePort as ApiServicePort } from '../../kube/api/generated/core/v1.ts';
import type { EndpointSlice } from '../../kube/api/generated/discovery/v1.ts';
import type { HostPort, ServiceEndpoint, ServicePort } from './service-port.ts';

const serviceNameLabel = 'kubernetes.io/service-name';
const proxyNameLabel = 'service.kubernetes.io/service-proxy-name';
const headlessLabel = 'service.kubernetes.io/headless';
/** Upstream's default of sessionAffinityConfig.clientIP.timeoutSeconds. */
const defaultAffinitySeconds = 10_800;

/** All ServicePorts of the cluster as this node must serve them (upstream: pkg/proxy ServiceChangeTracker, EndpointsChangeTracker). */
export function servicePorts(options: { readonly services: readonly Service[]; readonly slices: readonly EndpointSlice[]; readonly nodeName: string }): readonly ServicePort[] {
  const slices = Map.groupBy(
    options.slices.filter((slice) => slice.addressType === 'IPv4'),
    (slice) => `${slice.metadata.namespace}/${slice.metadata.labels?.[serviceNameLabel] ?? ''}`,
  );
  return options.services.filter(isHandled).flatMap((service) => {
    const key = `${service.metadata.namespace}/${service.metadata.name}`;
    return (service.spec.ports ?? []).map((port) => servicePort({ key, service, port, slices: slices.get(key) ?? [], nodeName: options.nodeName }));
  });
}

function isHandled(service: Service): boolean {
  const { clusterIP, type } = service.spec;
  const labels = service.metadata.labels ?? {};
  return type !== 'ExternalName' && clusterIP !== undefined && clusterIP !== '' && clusterIP !== 'None' && !clusterIP.includes(':') && labels[proxyNameLabel] === undefined && labels[headlessLabel] === undefined;
}

interface PortInput {
  readonly key: string;
  readonly service: Service;
  readonly port: ApiServicePort;
  readonly slices: readonly EndpointSlice[];
  readonly nodeName: string;
}

function servicePort({ key, service, port, slices, nodeName }: PortInput): ServicePort {
  const { spec } = service;
  return {
    name: `${key}:${port.name ?? ''}`,
    protocol: protocolOf(port.protocol),
    clusterIP: spec.clusterIP ?? '',
    port: port.port,
    ...(port.nodePort ? { nodePort: port.nodePort } : {}),
    externalIPs: (spec.externalIPs ?? []).filter(isIPv4),
    loadBalancerIPs: (service.status?.loadBalancer?.ingress ?? []).filter((entry) => entry.ipMode !== 'Proxy').flatMap((entry) => (entry.ip && isIPv4(entry.ip) ? [entry.ip] : [])),
    loadBalancerSourceRanges: (spec.loadBalancerSourceRanges ?? []).map((range) => range.trim()).filter(isIPv4),
    ...(spec.sessionAffinity === 'ClientIP' ? { affinitySeconds: spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds } : {}),
    internalLocal: spec.internalTrafficPolicy === 'Local',
    externalLocal: spec.externalTrafficPolicy === 'Local',
    endpoints: endpointsOf({ portName: port.name ?? '', slices, nodeName }),
  };
}

/** One address and port once, although slices may overlap for a moment while the controller moves endpoints. */
function endpointsOf({ portName, slices, nodeName }: { readonly portName: string; readonly slices: readonly EndpointSlice[]; readonly nodeName: string }): readonly ServiceEndpoint[] {
  const found = new Map<string, ServiceEndpoint>();
  for (const slice of slices) {
    const number = slice.ports?.find((port) => (port.name ?? '') === portName)?.port;
    if (number === undefined) continue;
    for (const { addresses, conditions, nodeName: node } of slice.endpoints ?? []) {
      const ip = addresses[0];
      if (ip === undefined) continue;
      const terminating = conditions?.terminating === true;
      const serving = conditions?.serving ?? conditions?.ready ?? true;
      found.set(`${ip}:${number}`, { ip, port: number, ready: conditions?.ready ?? true, serving, terminating, local: node === nodeName });
    }
  }
  return [...found.keys()].sort().map((key) => found.get(key) as ServiceEndpoint);
}

/** Ports that pods of this node bind on the node itself. */
export function hostPorts(pods: readonly Pod[]): readonly HostPort[] {
  return pods.flatMap((pod) => {
    const podIP = pod.status?.podIP;
    const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (pod.spec.hostNetwork === true || podIP === undefined || podIP === '' || ended) return [];
    const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always')];
    return containers.flatMap((container) =>
      (container.ports ?? []).flatMap((port): readonly HostPort[] => (port.hostPort ? [{ protocol: protocolOf(port.protocol), ...(port.hostIP && port.hostIP !== '0.0.0.0' ? { hostIP: port.hostIP } : {}), hostPort: port.hostPort, podIP, containerPort: port.containerPort }] : [])),
    );
  });
}

function protocolOf(protocol: string | undefined): ServicePort['protocol'] {
  return protocol === 'UDP' ? 'udp' : protocol === 'SCTP' ? 'sctp' : 'tcp';
}

function isIPv4(text: string): boolean {
  return !text.includes(':');
}

import type { Node, Pod, Service } from '../../../kube/api/generated/core/v1.ts';
import type { EndpointSlice } from '../../../kube/api/generated/discovery/v1.ts';
import { newBadRequest, newNotFound, newServiceUnavailable } from '../../../kube/apimachinery/status-errors.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import { kubeletOf, type NodeConnectionOptions, type NodeTarget } from './node-connection.ts';

interface Named {
  readonly scheme: 'http' | 'https';
  readonly name: string;
  readonly port: string;
}

/** `https:web:8443`, `web:http`, `web`: scheme, name and port of pods|services|nodes/proxy. */
export function splitSchemeNamePort(text: string, what: 'pod' | 'service' | 'node'): Named {
  const parts = text.split(':');
  const scheme = parts.length === 3 ? parts[0] : '';
  const [name = '', port = ''] = parts.length === 3 ? parts.slice(1) : parts;
  if (parts.length > 3 || name === '' || !['', 'http', 'https'].includes(scheme ?? '')) throw newBadRequest(`invalid ${what} request ${JSON.stringify(text)}`);
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port };
}

export async function proxyTarget(
  reader: ObjectReader, options: NodeConnectionOptions,
  { resource, namespace, name: text }: { readonly resource: string; readonly namespace: string; readonly name: string },
): Promise<NodeTarget> {
  const named = splitSchemeNamePort(text, resource === 'pods' ? 'pod' : resource === 'services' ? 'service' : 'node');
  if (resource === 'pods') return podTarget(reader, namespace, named);
  if (resource === 'services') return serviceTarget(reader, namespace, named);
  const node = await reader.get<Node>({ group: '', resource: 'nodes' }, { name: named.name });
  if (!node) throw newNotFound({ group: '', resource: 'nodes' }, named.name);
  const kubelet = kubeletOf(node, options);
  if (named.port === '' || Number(named.port) === kubelet.port) return kubelet;
  return { ...kubelet, port: Number(named.port), scheme: named.scheme, isKubelet: false };
}

async function podTarget(reader: ObjectReader, namespace: string, { name, port, scheme }: Named): Promise<NodeTarget> {
  const pod = await reader.get<Pod>({ group: '', resource: 'pods' }, { namespace, name });
  if (!pod) throw newNotFound({ group: '', resource: 'pods' }, name);
  const host = pod.status?.podIP;
  if (!host) throw newBadRequest('address not allowed');
  const first = pod.spec?.containers?.flatMap((container) => container.ports ?? [])[0]?.containerPort;
  return { nodeName: pod.spec?.nodeName, host, port: port === '' ? (first ?? 80) : Number(port), scheme };
}

async function serviceTarget(reader: ObjectReader, namespace: string, { name, port, scheme }: Named): Promise<NodeTarget> {
  const service = await reader.get<Service>({ group: '', resource: 'services' }, { namespace, name });
  if (!service) throw newNotFound({ group: '', resource: 'services' }, name);
  const ports = service.spec?.ports ?? [];
  const wanted = port === '' && ports.length === 1 ? ports[0] : ports.find((one) => one.name === port || String(one.port) === port);
  if (!wanted) throw newServiceUnavailable(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(name)}`);
  const slices = await reader.list<EndpointSlice>({ group: 'discovery.k8s.io', resource: 'endpointslices' }, namespace);
  for (const slice of slices) {
    if (slice.metadata.labels?.['kubernetes.io/service-name'] !== name) continue;
    const number = slice.ports?.find((one) => (one.name ?? '') === (wanted.name ?? ''))?.port;
    const endpoint = slice.endpoints?.find(({ conditions }) => conditions?.ready !== false);
    const host = endpoint?.addresses[0];
    if (number && endpoint && host) return { nodeName: endpoint.nodeName, host, port: number, scheme };
  }
  throw newServiceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
}

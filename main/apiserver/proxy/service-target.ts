import type { Service } from '../../../kube/api/generated/core/v1.ts';
import { newServiceUnavailable } from '../../../kube/apimachinery/status-errors.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import type { NodeConnectionOptions, NodeTarget } from './node-connection.ts';
import { proxyTarget } from './proxy-target.ts';

export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** Where a Service that webhooks and aggregated APIs name is reached: one of its endpoints, or the host that it is another name for. The stream is plain: TLS comes on top. */
export async function serviceTarget(reader: ObjectReader, { namespace, name, port }: ServiceReference, options: NodeConnectionOptions): Promise<NodeTarget> {
  const service = await reader.get<Service>({ group: '', resource: 'services' }, { namespace, name });
  if (!service) throw new Error(`service ${JSON.stringify(name)} not found`);
  const { type, externalName } = service.spec ?? {};
  if (type === 'ExternalName' && externalName) return { nodeName: undefined, host: externalName, port, scheme: 'http' };
  // Upstream looks the port up as a number here, and says it so.
  if (!service.spec?.ports?.some((one) => one.port === port)) throw newServiceUnavailable(`no service port ${port} found for service ${JSON.stringify(name)}`);
  return proxyTarget(reader, options, { resource: 'services', namespace, name: `http:${name}:${port}` });
}

import { readFile } from 'node:fs/promises';
import { ApiTransport } from '../agent/api-transport.ts';
import { RestClient } from '../kube/client/rest-client.ts';
import { systemClock } from '../main/etcd/system-clock.ts';

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } }[];
  readonly users: readonly { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } }[];
}

export interface ConnectedClient extends AsyncDisposable {
  readonly client: RestClient;
  readonly transport: ApiTransport;
}

/** Our own client over TLS, as the administrator of a kubeconfig that `coracle up` wrote: for load that kubectl is too slow for. */
export async function connectClient(kubeconfig: string): Promise<ConnectedClient> {
  const { clusters: [entry], users: [admin] } = JSON.parse(await readFile(kubeconfig, 'utf8')) as Kubeconfig;
  if (entry === undefined || admin === undefined) throw new Error(`${kubeconfig} has no cluster or no user`);
  const decode = (data: string) => Buffer.from(data, 'base64').toString();
  const credentials = { ca: decode(entry.cluster['certificate-authority-data']), cert: decode(admin.user['client-certificate-data']), key: decode(admin.user['client-key-data']) };
  const transport = new ApiTransport({ server: entry.cluster.server, clock: systemClock, credentials: () => credentials });
  return { transport, client: new RestClient({ transport, userAgent: 'coracle-test' }), [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose]() };
}

import { hostname } from 'node:os';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { MetricsRegistry } from '../../kube/apimachinery/metrics/metrics-registry.ts';
import type { Random } from '../../kube/apimachinery/random.ts';
import type { Client } from '../../kube/client/client.ts';
import { RestClient, type RestClientOptions } from '../../kube/client/rest-client.ts';
import type { Transport } from '../../kube/client/transport.ts';
import { createApiServer } from '../apiserver/api-server.ts';
import type { ApiServer, ApiServerOptions, NodeDialer } from '../apiserver/api-server.ts';
import type { Store } from '../etcd/store.ts';
import { addresses } from './addresses.ts';
import type { Log } from './log.ts';
import type { ClusterPki } from './pki.ts';
import { systemClock } from './system-clock.ts';

export interface ControlPlaneOptions {
  readonly store: Store;
  readonly pki: ClusterPki;
  readonly port: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly dialer: NodeDialer;
  readonly staticTokens?: ApiServerOptions['staticTokens'];
  readonly encryption?: ApiServerOptions['encryption'];
  readonly audit?: ApiServerOptions['audit'];
  readonly authentication?: ApiServerOptions['authentication'];
  readonly authorizationFiles?: ApiServerOptions['authorizationFiles'];
  readonly metrics?: MetricsRegistry;
}

/** The API server, answering on loopback TLS and in-process. Disposing closes both. */
export async function startApiServer(options: ControlPlaneOptions): Promise<ApiServer> {
  const { pki, log } = options;
  const server = await createApiServer({
    store: options.store,
    clock: options.clock,
    random: options.random,
    pki: {
      clientCA: pki.authority.certificate,
      server: pki.apiServer,
      serviceAccountKeys: [pki.serviceAccount.privateKey, ...pki.serviceAccount.retiredKeys],
      kubeletClient: pki.kubeletClient,
      frontProxyCA: pki.frontProxyAuthority.certificate,
      frontProxyClient: pki.frontProxyClient,
    },
    serviceCIDR: addresses.serviceCIDR,
    advertise: { address: addresses.host, port: options.port },
    hostname: hostname(),
    dialer: options.dialer,
    ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
    ...(options.audit === undefined ? {} : { audit: options.audit }),
    ...(options.encryption === undefined ? {} : { encryption: options.encryption }),
    ...(options.staticTokens === undefined ? {} : { staticTokens: options.staticTokens }),
    ...(options.authentication === undefined ? {} : { authentication: options.authentication }),
    ...(options.authorizationFiles === undefined ? {} : { authorizationFiles: options.authorizationFiles }),
    reportError: (error, path) => log.error('request failed unexpectedly', { path, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  });
  try {
    await server.listen({ host: '127.0.0.1', port: options.port });
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** An in-process client with an identity of its own, as each upstream component has. */
export function componentClient(server: ApiServer, user: { readonly name: string; readonly groups: readonly string[] }, options: Pick<RestClientOptions, 'userAgent' | 'onAnswer'>): Client {
  return new RestClient({ transport: server.transport(user), ...options, acceptObjects: true, clock: systemClock });
}

/** The administrator: what the window and the cluster's own wiring act as. */
export function adminTransport(server: ApiServer): Transport {
  return server.transport({ name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] });
}


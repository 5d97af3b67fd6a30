import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeAgentConfiguration } from '../kube/api/coracle/v1/node-agent-configuration.ts';
import type { Clock } from '../kube/apimachinery/clock.ts';
import type { Random } from '../kube/apimachinery/random.ts';
import type { Client } from '../kube/client/client.ts';
import { ClientEventRecorder } from '../kube/client/event-recorder.ts';
import { RestClient } from '../kube/client/rest-client.ts';
import { SharedInformerFactory } from '../kube/client/shared-informer-factory.ts';
import type { AgentContext, AgentPart } from './agent-context.ts';
import { ApiTransport } from './api-transport.ts';
import { startKubelet } from './kubelet/start-kubelet.ts';
import { CertificateManager } from './kubelet/pki/certificate-manager.ts';

export interface AgentOptions {
  readonly config: NodeAgentConfiguration;
  readonly parts: readonly AgentPart[];
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** /var/log/pods unless a test says otherwise. */
  readonly podLogsDirectory?: string;
}

const USER_AGENT = 'coracle-agent/v1.36';
const PROXY_USER_AGENT = 'kube-proxy/v1.36';

/** Joins the cluster and runs the node until the signal is aborted; pods are left running. */
export async function runAgent({ config, parts, clock, random, signal, podLogsDirectory = '/var/log/pods' }: AgentOptions): Promise<void> {
  await using stack = new AsyncDisposableStack();
  await mkdir(join(config.rootDirectory, 'pods'), { recursive: true });
  const identity = await joinCluster({ config, clock, random, signal });
  stack.use(identity);
  const { client } = identity;
  const recorder = stack.use(new ClientEventRecorder({ client, clock, random, source: { component: 'kubelet', host: config.nodeName }, onError: (error) => console.error('Cannot write an event', { error: String(error) }) }));
  const factoryOf = (user: Client): SharedInformerFactory => {
    const factory = stack.use(new SharedInformerFactory({ client: user, clock, random, onError: (error, resource) => console.error('Watch failed', { resource, error: String(error) }) }));
    factory.start(signal);
    return factory;
  };
  const informers = factoryOf(client);
  const transport = stack.use(new ApiTransport({ server: config.apiServer, clock, credentials: () => ({ ca: config.clusterCA, cert: config.proxyIdentity.certificate, key: config.proxyIdentity.key }) }));
  const clusterInformers = factoryOf(new RestClient({ transport, userAgent: PROXY_USER_AGENT, clock }));
  const context: AgentContext = { config, client, informers, clusterInformers, recorder, clock, random, signal };
  for (const part of parts) {
    try {
      stack.use(await part.start(context));
    } catch (error) {
      throw new Error(`Cannot start ${part.name}`, { cause: error });
    }
  }
  await Promise.all([identity.rotate(signal), startKubelet(context, { podLogsDirectory })]);
}

interface Identity extends AsyncDisposable {
  readonly client: Client;
  rotate(signal: AbortSignal): Promise<void>;
}

/** TLS bootstrapping: the token buys a client certificate, which is all that is used from then on. */
async function joinCluster({ config, clock, random, signal }: Pick<AgentOptions, 'config' | 'clock' | 'random' | 'signal'>): Promise<Identity> {
  const server = config.apiServer;
  const ca = config.clusterCA;
  await using bootstrap = new ApiTransport({ server, clock, credentials: () => ({ ca, token: config.bootstrapToken }) });
  const bootstrapClient = new RestClient({ transport: bootstrap, userAgent: USER_AGENT, clock });
  let current: Client = bootstrapClient;
  const manager = new CertificateManager({
    path: join(config.rootDirectory, 'pki', 'kubelet-client-current.pem'),
    signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
    subject: { commonName: `system:node:${config.nodeName}`, organizations: ['system:nodes'] },
    clusterCA: ca, clock, random, client: () => current, onChange: () => transport.reload(),
  });
  const transport = new ApiTransport({ server, clock, credentials: () => ({ ca, ...manager.current }) });
  await manager.ensure(signal);
  const client = new RestClient({ transport, userAgent: USER_AGENT, clock });
  current = client;
  return { client, rotate: (until) => manager.run(until), [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose]() };
}

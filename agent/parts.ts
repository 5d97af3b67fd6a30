import { getServers } from 'node:dns';
import { nodes, pods } from '../kube/api/generated/core/v1.ts';
import type { Node } from '../kube/api/generated/core/v1.ts';
import type { AgentContext, AgentPart } from './agent-context.ts';
import { DnsServer } from './dns/dns-server.ts';
import { KubeProxy } from './kube-proxy/kube-proxy.ts';
import { assignLocalAddress } from './network/local-address.ts';
import { NodeNetwork } from './network/node-network.ts';
import type { NodeAddress } from './network/plan-routes.ts';

/** A system tool may fail for a moment (a link not up yet); the network must come right by itself. */
const retryMs = 2_000;

const log = (message: string, fields: Readonly<Record<string, unknown>>): void => console.error(message, fields);

const network: AgentPart = {
  name: 'network',
  async start({ config, clusterInformers, clock, signal }: AgentContext): Promise<AsyncDisposable> {
    const nodeNetwork = new NodeNetwork({ nodeName: config.nodeName, clusterInterface: config.clusterInterface, clusterCIDR: config.clusterCIDR, cniDirectory: '/etc/cni/net.d' });
    const informer = clusterInformers.informer(nodes);
    let retry: Disposable | undefined;
    const update = (): void => {
      retry?.[Symbol.dispose]();
      retry = undefined;
      if (signal.aborted || !informer.hasSynced) return;
      nodeNetwork.update(informer.lister.list().flatMap(addressOf)).catch((error: unknown) => {
        log('cannot set up the network', { error: String(error) });
        retry ??= clock.setTimer(retryMs, update);
      });
    };
    const subscription = informer.onEvent(update);
    informer.waitForSync(signal).then(update, () => {}); // Aborted: the agent stops.
    return {
      async [Symbol.asyncDispose]() {
        subscription[Symbol.dispose]();
        retry?.[Symbol.dispose]();
      },
    };
  },
};

const kubeProxy: AgentPart = {
  name: 'kube-proxy',
  async start({ config, informers, clusterInformers, clock, signal }: AgentContext): Promise<AsyncDisposable> {
    const proxy = new KubeProxy({
      nodeName: config.nodeName, clusterCIDR: config.clusterCIDR, informers: clusterInformers, clock, log, localAddresses: config.clusterDNS,
      pods: informers.informer(pods, { fieldSelector: `spec.nodeName=${config.nodeName}` }),
    });
    inBackground('kube-proxy', () => proxy.start(signal), { clock, signal });
    return proxy;
  },
};

const dns: AgentPart = {
  name: 'dns',
  async start({ config, clusterInformers, clock, signal }: AgentContext): Promise<AsyncDisposable> {
    const [address] = config.clusterDNS;
    if (address === undefined) return { async [Symbol.asyncDispose]() {} };
    const upstream = getServers().filter((server) => !server.includes(':') && server !== address);
    const server = new DnsServer({ informers: clusterInformers, domain: config.clusterDomain, address, port: 53, upstream, clock, log });
    inBackground('dns', async () => {
      await assignLocalAddress(address);
      await server.start(signal);
    }, { clock, signal });
    return server;
  },
};

/** What runs on a node beside the kubelet, in starting order. */
export const parts: readonly AgentPart[] = [network, kubeProxy, dns];

/** Parts wait for the API server without keeping the kubelet from starting, and try again when they fail. */
function inBackground(name: string, start: () => Promise<void>, { clock, signal }: Pick<AgentContext, 'clock' | 'signal'>): void {
  start().catch((error: unknown) => {
    if (signal.aborted) return;
    log(`cannot start ${name}`, { error: String(error) });
    clock.setTimer(retryMs, () => inBackground(name, start, { clock, signal }));
  });
}

function addressOf(node: Node): readonly NodeAddress[] {
  const nodeIP = node.status?.addresses?.find((address) => address.type === 'InternalIP')?.address;
  const podCIDR = node.spec.podCIDR;
  return nodeIP === undefined || podCIDR === undefined || podCIDR === '' ? [] : [{ name: node.metadata.name, nodeIP, podCIDR }];
}

import type { NodeAgentConfiguration } from '../../kube/api/coracle/v1/node-agent-configuration.ts';
import type { Client } from '../../kube/client/client.ts';
import { addresses, kubeletPort } from './addresses.ts';
import { createJoinToken } from './join-token.ts';
import type { MachineRecord } from './machine-records.ts';
import type { ClusterPki } from './pki.ts';

/** What a machine's agent needs to join: addresses, trust and a fresh bootstrap token. Simulated nodes join without one. */
export async function nodeAgentConfiguration({ record, admin, pki, apiPort, registryPort, now }: { record: MachineRecord; admin: Client; pki: ClusterPki; apiPort: number; registryPort: number; now: number }): Promise<NodeAgentConfiguration> {
  return {
    apiVersion: 'coracle.dev/v1',
    kind: 'NodeAgentConfiguration',
    nodeName: record.name,
    nodeIP: `10.89.${Math.floor((record.index + 10) / 256)}.${(record.index + 10) % 256}`,
    apiServer: `https://${addresses.host}:${apiPort}`,
    clusterCA: pki.authority.certificate,
    bootstrapToken: record.driver === 'simulated' ? '' : await createJoinToken(admin, record.name, now),
    proxyIdentity: pki.kubeProxy,
    clusterDomain: addresses.clusterDomain,
    clusterDNS: [addresses.clusterDNS],
    serviceCIDR: addresses.serviceCIDR,
    clusterCIDR: addresses.clusterCIDR,
    imageMirror: `${addresses.host}:${registryPort}`,
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    kubeletPort,
    clusterInterface: 'eth1',
    rootDirectory: '/var/lib/kubelet',
    maxPods: 110,
  };
}

import { writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import type { MachineSpec } from '../driver.ts';
import { clusterAddress, clusterMac } from '../node-network.ts';
import { agentConfigurationFile, agentPaths } from '../provision/agent-provisioner.ts';
import { containerdConfiguration, registryHosts } from '../provision/containerd-configuration.ts';

export interface SeedOptions {
  readonly machine: MachineSpec;
  readonly agentBundle: Uint8Array;
  /** Base64, see SshKey. */
  readonly hostKey: string;
  readonly authorizedKey: string;
  readonly nowSeconds: number;
}

/** A raw disk must be whole sectors long. */
const sectorBytes = 512;

/** What the host tells a VM before it boots, as a tar that the VM's init unpacks over its root: keys, addresses, configuration, the agent. */
export async function writeSeedDisk(path: string, options: SeedOptions): Promise<void> {
  const archive = pack();
  const tar = buffer(archive);
  for (const [name, content, mode] of seedFiles(options)) archive.entry({ name, mode, mtime: new Date(0) }, Buffer.from(content));
  archive.finalize();
  const content = await tar;
  const padding = Buffer.alloc((sectorBytes - content.length % sectorBytes) % sectorBytes);
  await writeFile(path, Buffer.concat([content, padding]), { mode: 0o600 });
}

function seedFiles({ machine, agentBundle, hostKey, authorizedKey, nowSeconds }: SeedOptions): readonly (readonly [string, string | Uint8Array, number])[] {
  const { agent } = machine;
  const settings = {
    NODE_NAME: machine.name, CLUSTER_ADDRESS: clusterAddress(machine.index), HOST_MAC: hostMac(machine.index), CLUSTER_MAC: clusterMac(machine.index), HOST_TIME: String(nowSeconds),
  };
  return [
    ['etc/coracle/machine.env', Object.entries(settings).map(([key, value]) => `${key}=${value}\n`).join(''), 0o600],
    ['etc/dropbear/host_key', Buffer.from(hostKey, 'base64'), 0o600],
    ['root/.ssh/authorized_keys', `${authorizedKey}\n`, 0o600],
    ['etc/containerd/config.toml', containerdConfiguration({ imageMirror: agent.imageMirror, cniBinDirectory: '/opt/cni/bin', runtimeBinary: 'crun', sharedKernel: false }), 0o644],
    ...(agent.imageMirror ? [['etc/containerd/certs.d/_default/hosts.toml', registryHosts(agent.imageMirror), 0o644] as const] : []),
    [agentPaths.configuration.slice(1), agentConfigurationFile(agent), 0o600],
    [agentPaths.bundle.slice(1), agentBundle, 0o644],
  ];
}

/** The hardware address of the interface to the host. */
export function hostMac(index: number): string {
  return `52:54:00:0a:00:${(10 + index).toString(16).padStart(2, '0')}`;
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { clusterAddress, clusterMac, hostAddress } from '../node-network.ts';

const run = promisify(execFile);

/**
 * The network of a cluster of local nodes: a namespace with a bridge (the "switch"), a namespace per node with eth1 on that bridge, and an eth0 that
 * leads nowhere (a veth pair, since some kernels have no dummy interfaces) and carries the host's address for the forwarder. Nothing appears among the host's own interfaces.
 */
export class LocalNetwork {
  readonly #prefix: string;
  #switch: Promise<void> | undefined;

  constructor(clusterId: string) {
    this.#prefix = `coracle-${clusterId}`;
  }

  namespacePath(node: string): string {
    return `/run/netns/${this.#namespace(node)}`;
  }

  async addNode(node: string, index: number): Promise<void> {
    this.#switch ??= this.#addSwitch().catch((cause: unknown) => { this.#switch = undefined; throw cause; });
    await this.#switch;
    await this.removeNode(node);
    const name = this.#namespace(node);
    await ip('netns', 'add', name);
    const port = `node${index}`;
    await run('ip', ['-n', this.#switchName, 'link', 'del', port]).catch(() => undefined);
    await ip('-n', this.#switchName, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth1', 'address', clusterMac(index), 'netns', name);
    await ip('-n', this.#switchName, 'link', 'set', port, 'master', 'switch', 'up');
    for (const command of nodeCommands(index)) await ip('-n', name, ...command.split(' '));
  }

  async removeNode(node: string): Promise<void> {
    await this.#removeNamespace(this.#namespace(node));
  }

  /** Removes every namespace of this cluster; resolves to their names. */
  async removeAll(): Promise<readonly string[]> {
    const listing = (await run('ip', ['netns', 'list']).catch(() => ({ stdout: '' }))).stdout;
    const names = listing.split('\n').map((line) => line.split(' ')[0] ?? '').filter((name) => name.startsWith(`${this.#prefix}-`));
    for (const name of names) await this.#removeNamespace(name);
    this.#switch = undefined;
    return names;
  }

  get #switchName(): string {
    return `${this.#prefix}-switch`;
  }

  #namespace(node: string): string {
    return `${this.#prefix}-node-${node}`;
  }

  async #addSwitch(): Promise<void> {
    await this.#removeNamespace(this.#switchName);
    await ip('netns', 'add', this.#switchName);
    await ip('-n', this.#switchName, 'link', 'add', 'switch', 'type', 'bridge');
    await ip('-n', this.#switchName, 'link', 'set', 'switch', 'up');
  }

  async #removeNamespace(name: string): Promise<void> {
    await run('ip', ['netns', 'del', name]).catch((cause: Error) => {
      if (!cause.message.includes('No such file')) throw cause;
    });
  }
}

/** The default route leads nowhere but must exist: without one, redirecting a Service's address fails with "network unreachable". */
function nodeCommands(index: number): readonly string[] {
  return [
    'link set lo up', 'link add eth0 type veth peer name eth0-sink', 'link set eth0 arp off up', 'link set eth0-sink arp off up', 'addr add 10.0.2.15/24 dev eth0', `addr add ${hostAddress}/32 dev eth0`,
    'route add default dev eth0 src 10.0.2.15', `addr add ${clusterAddress(index)}/24 dev eth1`, 'link set eth1 up',
  ];
}

async function ip(...args: readonly string[]): Promise<void> {
  await run('ip', [...args]).catch((cause: Error & { stderr?: string }) => {
    throw new Error(`Cannot set up the node network: ip ${args.join(' ')}: ${cause.stderr?.trim() || cause.message}`, { cause });
  });
}

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cniConfiguration } from './cni-configuration.ts';
import { compileMasquerade } from './compile-masquerade.ts';
import { containsRange, planRoutes } from './plan-routes.ts';
import type { NodeAddress, Route } from './plan-routes.ts';
import { runCommand } from './run-command.ts';

export interface NodeNetworkOptions {
  readonly nodeName: string;
  /** The interface on the cluster network: eth1. */
  readonly clusterInterface: string;
  readonly clusterCIDR: string;
  /** /etc/cni/net.d */
  readonly cniDirectory: string;
  readonly run?: typeof runCommand;
}

const configurationFile = '10-coracle.conflist';
/** The cluster network is plain Ethernet. */
const mtu = 1500;

/**
 * What makes pods reachable from other nodes and lets them out: CNI configuration, routes, masquerading. `update` is given all nodes each time
 * and changes only what differs; concurrent calls run one after the other, and only the newest waiting one is carried out.
 */
export class NodeNetwork {
  readonly #options: NodeNetworkOptions;
  readonly #run: typeof runCommand;
  #podCIDR: string | undefined;
  #pending: readonly NodeAddress[] | undefined;
  #working: Promise<void> | undefined;

  constructor(options: NodeNetworkOptions) {
    this.#options = options;
    this.#run = options.run ?? runCommand;
  }

  /** Why pods cannot get a network yet; undefined when they can. The kubelet's Ready condition says it. */
  get problem(): string | undefined {
    return this.#podCIDR === undefined ? 'container runtime network not ready: the node has no podCIDR yet' : undefined;
  }

  /** Rejects when a system tool failed; calling again tries again. */
  update(nodes: readonly NodeAddress[]): Promise<void> {
    this.#pending = nodes;
    this.#working ??= this.#drain().finally(() => (this.#working = undefined));
    return this.#working;
  }

  async #drain(): Promise<void> {
    while (this.#pending !== undefined) {
      const nodes = this.#pending;
      this.#pending = undefined;
      await this.#apply(nodes);
    }
  }

  async #apply(nodes: readonly NodeAddress[]): Promise<void> {
    const { nodeName } = this.#options;
    const self = nodes.find((node) => node.name === nodeName);
    const changes = planRoutes({ self: nodeName, nodes, present: await this.#presentRoutes() });
    for (const route of changes.remove) await this.#run(['ip', '-4', 'route', 'del', route.destination, 'via', route.gateway]);
    for (const route of changes.replace) await this.#run(['ip', '-4', 'route', 'replace', route.destination, 'via', route.gateway, 'dev', this.#options.clusterInterface]);
    if (self !== undefined && self.podCIDR !== this.#podCIDR) await this.#useRange(self.podCIDR);
  }

  async #useRange(podCIDR: string): Promise<void> {
    await this.#run(['nft', '-f', '-'], { input: compileMasquerade({ podCIDR, clusterCIDR: this.#options.clusterCIDR }) });
    await this.#writeConfiguration(cniConfiguration({ podCIDR, mtu }));
    this.#podCIDR = podCIDR;
  }

  /** The routes to pod ranges that exist now; those made by hand for other targets are not ours. */
  async #presentRoutes(): Promise<readonly Route[]> {
    const output = await this.#run(['ip', '-4', '-j', 'route', 'show', 'dev', this.#options.clusterInterface]);
    const routes = JSON.parse(output.trim() === '' ? '[]' : output) as readonly { dst?: string; gateway?: string }[];
    return routes.flatMap(({ dst, gateway }) => (dst !== undefined && gateway !== undefined && /^\d/u.test(dst) && containsRange(this.#options.clusterCIDR, dst) ? [{ destination: dst, gateway }] : []));
  }

  /** containerd watches the folder: the file must appear whole, and not be touched when nothing changed. */
  async #writeConfiguration(text: string): Promise<void> {
    const directory = this.#options.cniDirectory;
    const path = join(directory, configurationFile);
    if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return;
    await mkdir(directory, { recursive: true });
    const temporary = join(directory, `.${configurationFile}`);
    try {
      await writeFile(temporary, text);
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  }
}

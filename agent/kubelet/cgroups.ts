import { mkdir, readFile, readdir, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Pod } from '../../kube/api/generated/core/v1.ts';
import { cpuQuota, cpuShares, podAmounts, podCgroup } from './container-resources.ts';
import type { ResourceAmounts } from './container-resources.ts';

const PERIOD_US = 100_000;
const V1_CONTROLLERS = ['cpu', 'memory', 'pids'] as const;
const V2_CONTROLLERS = ['cpu', 'memory', 'pids', 'io', 'cpuset'] as const;

/** Pods' parent cgroups, v2 in our VMs and v1 where the host still has it. The runtime makes containers' cgroups below them. */
export class Cgroups {
  readonly #root: string;
  readonly #podPidsLimit: number;
  #version: 1 | 2 | undefined;

  constructor(options: { readonly root?: string; readonly podPidsLimit?: number } = {}) {
    this.#root = options.root ?? '/sys/fs/cgroup';
    this.#podPidsLimit = options.podPidsLimit ?? -1;
  }

  async version(): Promise<1 | 2> {
    return (this.#version ??= (await exists(join(this.#root, 'cgroup.controllers'))) ? 2 : 1);
  }

  /** Makes the pod's cgroup and sets its limits; returns the name that the runtime wants. */
  async ensurePod(pod: Pod): Promise<string> {
    const name = podCgroup(pod);
    const amounts = podAmounts(pod);
    if ((await this.version()) === 2) await this.#ensureV2(name, amounts);
    else await this.#ensureV1(name, amounts);
    return name;
  }

  /** Removes a pod's cgroup in every hierarchy; what still holds processes stays for the next call. */
  async removePod(uid: string): Promise<void> {
    const names = ['', 'burstable', 'besteffort'].map((qos) => join('kubepods', qos, `pod${uid}`));
    for (const hierarchy of await this.#hierarchies()) for (const name of names) await removeTree(join(hierarchy, name));
  }

  /** uids of the pods that have a cgroup. */
  async pods(): Promise<readonly string[]> {
    const uids = new Set<string>();
    for (const hierarchy of await this.#hierarchies()) {
      for (const qos of ['', 'burstable', 'besteffort']) {
        for (const name of await readdir(join(hierarchy, 'kubepods', qos)).catch(() => [])) if (name.startsWith('pod')) uids.add(name.slice(3));
      }
    }
    return [...uids];
  }

  async #ensureV2(name: string, amounts: ResourceAmounts): Promise<void> {
    const available = (await readFile(join(this.#root, 'cgroup.controllers'), 'utf8')).trim().split(' ');
    const wanted = V2_CONTROLLERS.filter((controller) => available.includes(controller)).map((controller) => `+${controller}`).join(' ');
    const path = join(this.#root, name);
    const chain = [dirname(dirname(path)), dirname(path)].filter((directory) => directory.startsWith(this.#root));
    for (const directory of chain) {
      await mkdir(directory, { recursive: true });
      await writeFile(join(directory, 'cgroup.subtree_control'), wanted);
    }
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'cgroup.subtree_control'), wanted);
    const quota = cpuQuota(amounts.cpuLimitMilli);
    await writeFile(join(path, 'cpu.weight'), String(Math.floor(1 + ((cpuShares(amounts.cpuRequestMilli) - 2) * 9999) / 262_142)));
    await writeFile(join(path, 'cpu.max'), quota > 0 ? `${quota} ${PERIOD_US}` : 'max');
    await writeFile(join(path, 'memory.max'), amounts.memoryLimitBytes > 0 ? String(amounts.memoryLimitBytes) : 'max');
    await writeFile(join(path, 'pids.max'), this.#podPidsLimit > 0 ? String(this.#podPidsLimit) : 'max');
  }

  async #ensureV1(name: string, amounts: ResourceAmounts): Promise<void> {
    for (const controller of V1_CONTROLLERS) {
      if (await exists(join(this.#root, controller))) await mkdir(join(this.#root, controller, name), { recursive: true });
    }
    const write = async (controller: string, file: string, value: number): Promise<void> => {
      const path = join(this.#root, controller, name, file);
      if (await exists(path)) await writeFile(path, String(value));
    };
    await write('cpu', 'cpu.shares', cpuShares(amounts.cpuRequestMilli));
    if (amounts.cpuLimitMilli > 0) {
      await write('cpu', 'cpu.cfs_period_us', PERIOD_US);
      await write('cpu', 'cpu.cfs_quota_us', cpuQuota(amounts.cpuLimitMilli));
    }
    if (amounts.memoryLimitBytes > 0) await write('memory', 'memory.limit_in_bytes', amounts.memoryLimitBytes);
    if (this.#podPidsLimit > 0) await write('pids', 'pids.max', this.#podPidsLimit);
  }

  async #hierarchies(): Promise<readonly string[]> {
    if ((await this.version()) === 2) return [this.#root];
    return (await readdir(this.#root, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => join(this.#root, entry.name));
  }
}

async function removeTree(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return;
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(directory, entry.name));
  await rmdir(directory).catch(() => undefined);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

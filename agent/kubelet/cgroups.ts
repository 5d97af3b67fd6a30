import { mkdir, readFile, readdir, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../../kube/api/generated/core/v1.ts';
import { cpuQuota, cpuShares, podAmounts, podCgroup } from './container-resources.ts';
import type { ResourceAmounts } from './container-resources.ts';

const PERIOD_US = 100_000;
const V1_CONTROLLERS = ['cpu', 'memory', 'pids'] as const;
const V2_CONTROLLERS = ['cpu', 'memory', 'pids'] as const;
/** Good to have below a pod; a kernel or a container around us may not give them. */
const V2_OPTIONAL_CONTROLLERS = ['io', 'cpuset', 'hugetlb'] as const;

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
    const path = join(this.#root, name);
    let directory = this.#root;
    for (const part of ['', ...name.split('/').filter((text) => text !== '')]) {
      directory = join(directory, part);
      await mkdir(directory, { recursive: true });
      await enableControllers(directory);
    }
    const bestEffort = join(this.#root, 'kubepods', 'besteffort');
    if (path.startsWith(bestEffort)) await writeExisting(join(bestEffort, 'cpu.weight'), '1');
    const quota = cpuQuota(amounts.cpuLimitMilli);
    await writeExisting(join(path, 'cpu.weight'), String(Math.floor(1 + ((cpuShares(amounts.cpuRequestMilli) - 2) * 9999) / 262_142)));
    await writeExisting(join(path, 'cpu.max'), quota > 0 ? `${quota} ${PERIOD_US}` : `max ${PERIOD_US}`);
    await writeExisting(join(path, 'memory.max'), amounts.memoryLimitBytes > 0 ? String(amounts.memoryLimitBytes) : 'max');
    await writeExisting(join(path, 'pids.max'), this.#podPidsLimit > 0 ? String(this.#podPidsLimit) : 'max');
  }

  async #ensureV1(name: string, amounts: ResourceAmounts): Promise<void> {
    for (const controller of V1_CONTROLLERS) {
      if (await exists(join(this.#root, controller))) await mkdir(join(this.#root, controller, name), { recursive: true });
    }
    const write = (controller: string, file: string, value: number): Promise<void> => writeExisting(join(this.#root, controller, name, file), String(value));
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
    return (await readdir(this.#root, { withFileTypes: true }).catch(() => [])).filter((entry) => entry.isDirectory()).map((entry) => join(this.#root, entry.name));
  }
}

/** A controller reaches a cgroup only when all cgroups above hand it down. */
async function enableControllers(directory: string): Promise<void> {
  const [available = [], enabled = []] = await Promise.all(['cgroup.controllers', 'cgroup.subtree_control'].map(async (file) => (await readFile(join(directory, file), 'utf8')).trim().split(' ')));
  for (const controller of [...V2_CONTROLLERS, ...V2_OPTIONAL_CONTROLLERS]) {
    if (!available.includes(controller) || enabled.includes(controller)) continue;
    await writeFile(join(directory, 'cgroup.subtree_control'), `+${controller}`).catch((error: unknown) => {
      if ((V2_CONTROLLERS as readonly string[]).includes(controller)) throw error;
    });
  }
}

async function removeTree(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return;
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(directory, entry.name));
  await rmdir(directory).catch(() => undefined);
}

/** A file that is not there belongs to a controller that this machine does not have. */
async function writeExisting(path: string, text: string): Promise<void> {
  if (await exists(path)) await writeFile(path, text);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

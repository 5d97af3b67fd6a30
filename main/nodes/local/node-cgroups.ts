import { readFile, readdir, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const mountPoint = '/sys/fs/cgroup';

/** Killed processes leave their groups a moment later: this many tries of 50 ms. */
const removalAttempts = 40;

/** Removes a node's control groups with all of its pods' groups, in every hierarchy; the processes in them must be dead already. */
export async function removeCgroups(path: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    for (let attempt = 0; attempt < removalAttempts; attempt++) {
      if (await removeTree(join(hierarchy, path))) break;
      await delay(50);
    }
  }
}

/** What the processes of a node cost now; undefined when the groups are absent. */
export async function cgroupUsage(path: string): Promise<{ readonly residentMiB: number; readonly cpuSeconds: number } | undefined> {
  const read = (file: string): Promise<string> => readFile(join(mountPoint, file), 'utf8').catch(() => '');
  if (await exists(join(mountPoint, 'cgroup.controllers'))) {
    const cpu = /^usage_usec (\d+)/m.exec(await read(`${path}/cpu.stat`));
    const memory = /^anon (\d+)/m.exec(await read(`${path}/memory.stat`));
    return cpu && memory ? usage(Number(memory[1]), Number(cpu[1]) / 1e6) : undefined;
  }
  const cpu = await read(`cpuacct/${path}/cpuacct.usage`);
  const memory = /^total_rss (\d+)/m.exec(await read(`memory/${path}/memory.stat`));
  return cpu && memory ? usage(Number(memory[1]), Number(cpu) / 1e9) : undefined;
}

function usage(bytes: number, cpuSeconds: number): { readonly residentMiB: number; readonly cpuSeconds: number } {
  return { residentMiB: Math.round(bytes / (1 << 20)), cpuSeconds: Math.round(cpuSeconds * 100) / 100 };
}

async function hierarchies(): Promise<readonly string[]> {
  if (await exists(join(mountPoint, 'cgroup.controllers'))) return [mountPoint];
  return (await readdir(mountPoint).catch(() => [])).map((name) => join(mountPoint, name));
}

async function removeTree(directory: string): Promise<boolean> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  let removed = true;
  for (const entry of entries) if (entry.isDirectory()) removed = await removeTree(join(directory, entry.name)) && removed;
  await rmdir(directory).catch((cause: NodeJS.ErrnoException) => { if (cause.code !== 'ENOENT') removed = false; });
  return removed;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}

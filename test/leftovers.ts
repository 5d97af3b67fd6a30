import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { dataDirectory } from '../main/cluster/data-directory.ts';

const execute = promisify(execFile);

/** What a stopped cluster must not leave on the machine: processes, mounts, network namespaces, links, control groups, sockets. Linux only; elsewhere nothing is found. */
export async function leftoversOf(directory: string): Promise<readonly string[]> {
  if (process.platform !== 'linux') return [];
  // A process that was just killed is there until its parent has asked for it.
  for (let attempt = 0; attempt < 20 && (await processesOf(directory)).length > 0; attempt++) await wait(50);
  const processes = (await processesOf(directory)).map(({ pid, command }) => `process ${pid}: ${command}`);
  return [...processes, ...(await mountsOf(directory)), ...(await networkOf(directory)), ...(await controlGroupsOf(directory)), ...socketsOf(directory)];
}

/** Ends what is left, so that the next test starts on a clean machine. */
export async function endLeftovers(directory: string): Promise<void> {
  for (const { pid } of await processesOf(directory)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
  }
  for (const line of await networkOf(directory)) {
    const [, kind, name] = /^network (\S+) (\S+)$/u.exec(line) ?? [];
    if (kind === 'namespace') await execute('ip', ['netns', 'delete', name ?? '']).catch(() => {});
    if (kind === 'link') await execute('ip', ['link', 'delete', name ?? '']).catch(() => {});
  }
}

/** As main/nodes names what belongs to a cluster: by its folder of drivers' files. */
function clusterId(directory: string): string {
  return createHash('sha256').update(dataDirectory(directory).drivers).digest('hex').slice(0, 8);
}

interface Process {
  readonly pid: number;
  readonly command: string;
}

export async function processesOf(directory: string): Promise<readonly Process[]> {
  const found: Process[] = [];
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const command = (await read(`/proc/${pid}/cmdline`)).replaceAll('\0', ' ').trim();
    const groups = await read(`/proc/${pid}/cgroup`);
    const roots = await Promise.all(['root', 'cwd'].map((link) => readlink(`/proc/${pid}/${link}`).catch(() => '')));
    const state = (await read(`/proc/${pid}/stat`)).replace(/^.*\) /u, '')[0];
    const ours = command.includes(directory) || groups.includes(`coracle-${clusterId(directory)}`) || roots.some((path) => path.startsWith(directory));
    if (ours && state !== 'Z' && state !== undefined) found.push({ pid, command: command.slice(0, 160) });
  }
  return found;
}

async function mountsOf(directory: string): Promise<readonly string[]> {
  return (await read('/proc/self/mounts')).split('\n').map((line) => line.split(' ')[1] ?? '').filter((path) => path.startsWith(directory)).map((path) => `mount ${path}`);
}

async function networkOf(directory: string): Promise<readonly string[]> {
  const id = clusterId(directory);
  const namespaces = await readdir('/run/netns').catch(() => []);
  const links = await readdir('/sys/class/net').catch(() => []);
  return [...namespaces.map((name) => `network namespace ${name}`), ...links.map((name) => `network link ${name}`)].filter((line) => line.includes(id));
}

async function controlGroupsOf(directory: string): Promise<readonly string[]> {
  const roots = ['/sys/fs/cgroup', ...(await readdir('/sys/fs/cgroup').catch(() => [])).map((name) => `/sys/fs/cgroup/${name}`)];
  return roots.map((root) => join(root, `coracle-${clusterId(directory)}`)).filter((path) => existsSync(path)).map((path) => `control group ${path}`);
}

/** Where main/nodes puts sockets, whose paths must be short. */
function socketsOf(directory: string): readonly string[] {
  const id = clusterId(directory);
  const user = process.getuid?.() ?? 0;
  const folders = [`/run/coracle-${id}`, join(process.env['XDG_RUNTIME_DIR'] ?? tmpdir(), `coracle-${user}-${id}`)];
  return folders.filter((path) => existsSync(path)).map((path) => `socket folder ${path}`);
}

function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => ''); // The process ended while we looked.
}

import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MachineSpec } from './driver.ts';
import { endProcess, isRunning, waitForEnd } from './process-record.ts';
import type { ProcessRecord } from './process-record.ts';

/** A killed process is gone at once, unless it waits for a disk. */
const endLimitMs = 10_000;

/** One folder per machine below the data directory: what it is (machine.json, 0600: it holds the join token) and what runs for it (processes.json). */
export class MachineDirectory {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  path(name: string, ...parts: readonly string[]): string {
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(name)) throw new Error(`Cannot use "${name}" as a node name: only lower-case letters, digits, "-" and "."`);
    return join(this.root, name, ...parts);
  }

  async names(): Promise<readonly string[]> {
    const entries = await readdir(this.root, { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
  }

  async saveMachine(machine: MachineSpec): Promise<void> {
    await mkdir(this.path(machine.name), { recursive: true, mode: 0o700 });
    await writeAtomically(this.path(machine.name, 'machine.json'), JSON.stringify(machine));
  }

  async machine(name: string): Promise<MachineSpec | undefined> {
    return readJson<MachineSpec>(this.path(name, 'machine.json'));
  }

  async saveProcesses(name: string, processes: readonly ProcessRecord[]): Promise<void> {
    await writeAtomically(this.path(name, 'processes.json'), JSON.stringify(processes));
  }

  /** The recorded processes that still run. */
  async runningProcesses(name: string): Promise<readonly ProcessRecord[]> {
    const recorded = await readJson<readonly ProcessRecord[]>(this.path(name, 'processes.json')) ?? [];
    const running = await Promise.all(recorded.map(isRunning));
    return recorded.filter((_, index) => running[index]);
  }

  /** Ends what still runs for a machine, newest first; resolves to how many processes that were. */
  async endProcesses(name: string): Promise<number> {
    const processes = await this.runningProcesses(name);
    for (const record of processes.toReversed()) await endProcess(record);
    for (const record of processes) {
      if (!await waitForEnd(record, endLimitMs)) throw new Error(`Cannot end process ${record.pid} of node "${name}": it still runs ${endLimitMs / 1000} s after SIGKILL`);
    }
    await rm(this.path(name, 'processes.json'), { force: true });
    return processes.length;
  }

  async remove(name: string): Promise<void> {
    await rm(this.path(name), { recursive: true, force: true });
  }
}

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw cause;
  });
  return text === undefined ? undefined : JSON.parse(text) as T;
}

async function writeAtomically(path: string, content: string): Promise<void> {
  await writeFile(`${path}.new`, content, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DriverName } from '../bridge/contract.ts';
import { readIfExists, writeFileAtomic } from './atomic-file.ts';

/** What must be remembered of a node's machine between runs. One JSON file each: `<data directory>/machines/NAME.json`. */
export interface MachineRecord {
  readonly name: string;
  readonly driver: DriverName;
  /** Gives address, MAC and ports; unique among the records. */
  readonly index: number;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly diskGiB: number;
  /** False after `coracle node stop`: the next start of the cluster leaves it off. */
  readonly wanted: boolean;
}

export class MachineRecords {
  readonly #directory: string;
  readonly #records = new Map<string, MachineRecord>();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async open(directory: string): Promise<MachineRecords> {
    const records = new MachineRecords(directory);
    for (const file of (await readdir(directory)).filter((name) => name.endsWith('.json') && !name.startsWith('.'))) {
      const text = await readIfExists(join(directory, file));
      if (text === undefined) continue;
      const record = JSON.parse(text) as MachineRecord;
      records.#records.set(record.name, record);
    }
    return records;
  }

  list(): readonly MachineRecord[] {
    return [...this.#records.values()].sort((a, b) => a.index - b.index);
  }

  get(name: string): MachineRecord | undefined {
    return this.#records.get(name);
  }

  async put(record: MachineRecord): Promise<void> {
    await writeFileAtomic(this.#path(record.name), `${JSON.stringify(record, undefined, 2)}\n`);
    this.#records.set(record.name, record);
  }

  async remove(name: string): Promise<void> {
    await rm(this.#path(name), { force: true });
    this.#records.delete(name);
  }

  /** The smallest free index and the name that goes with it: worker-1, worker-2 … (sim-1 … for simulated nodes). */
  next(driver: DriverName): { name: string; index: number } {
    const used = new Set(this.list().map((record) => record.index));
    let index = 1;
    while (used.has(index)) index += 1;
    const prefix = driver === 'simulated' ? 'sim' : 'worker';
    let number = 1;
    while (this.#records.has(`${prefix}-${number}`)) number += 1;
    return { name: `${prefix}-${number}`, index };
  }

  #path(name: string): string {
    return join(this.#directory, `${name}.json`);
  }
}

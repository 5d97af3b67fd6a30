import { readFile } from 'node:fs/promises';

export interface ProcessCost {
  /** Resident memory in MB (10^6), as the budgets count. */
  readonly residentMB: number;
  readonly anonymousMB: number;
  readonly cpuSeconds: number;
}

/** Linux only. */
export async function processCost(pid: number): Promise<ProcessCost> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const kB = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'mu').exec(status)?.[1] ?? Number.NaN);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { residentMB: (kB('VmRSS') * 1024) / 1e6, anonymousMB: (kB('RssAnon') * 1024) / 1e6, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100 };
}

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A process as written to disk: the start time tells it from a later process with the same number. */
export interface ProcessRecord {
  readonly pid: number;
  readonly started: string;
}

/** undefined when there is no such process (a zombie counts as none). */
export async function recordProcess(pid: number): Promise<ProcessRecord | undefined> {
  const started = process.platform === 'linux' ? await linuxStartTime(pid) : await psStartTime(pid);
  return started ? { pid, started } : undefined;
}

export async function isRunning(record: ProcessRecord): Promise<boolean> {
  return (await recordProcess(record.pid))?.started === record.started;
}

/** Ends exactly the recorded process, at once; resolves when it is gone. Resolves to false when it already was. */
export async function endProcess(record: ProcessRecord, signal: NodeJS.Signals = 'SIGKILL'): Promise<boolean> {
  if (!await isRunning(record)) return false;
  try {
    process.kill(record.pid, signal);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause;
  }
  return true;
}

/** Resolves to true when the process is gone, false when it still runs after the limit. */
export async function waitForEnd(record: ProcessRecord, limitMs: number, signal?: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (await isRunning(record)) {
    if (performance.now() >= deadline) return false;
    await delay(25, undefined, { signal });
  }
  return true;
}

async function linuxStartTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The command in parentheses may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] && fields[0] !== 'Z' && fields[0] !== 'X' ? fields[19] : undefined;
}

async function psStartTime(pid: number): Promise<string | undefined> {
  const listing = await run('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => undefined);
  return listing?.stdout.trim() || undefined;
}

/** Resident memory and processor time of some processes together, on Linux; elsewhere nothing. */
export async function processUsage(pids: readonly number[]): Promise<{ readonly residentMiB: number; readonly cpuSeconds: number } | undefined> {
  if (process.platform !== 'linux') return undefined;
  let residentMiB = 0;
  let cpuSeconds = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields.length < 22) continue;
    cpuSeconds += (Number(fields[11]) + Number(fields[12])) / 100;
    residentMiB += Number(fields[21]) * 4096 / (1 << 20);
  }
  return { residentMiB: Math.round(residentMiB), cpuSeconds: Math.round(cpuSeconds * 100) / 100 };
}

import { readFile, rm } from 'node:fs/promises';
import { readIfExists, writeFileAtomic } from './atomic-file.ts';

interface Holder {
  readonly pid: number;
  /** The process's start time as the system tells it: a pid alone may have been reused since. */
  readonly startTime: string;
}

/** One daemon per data directory. The lock of a process that is gone (or whose pid now belongs to another) is taken over. */
export async function acquireProcessLock(path: string): Promise<AsyncDisposable> {
  const holder = await lockHolder(path);
  if (holder !== undefined) throw new Error(`Cannot use "${path}": the daemon with pid ${holder} is running; stop it with \`coracle stop\``);
  const mine: Holder = { pid: process.pid, startTime: (await startTimeOf(process.pid)) ?? '' };
  await writeFileAtomic(path, JSON.stringify(mine));
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

/** The pid of the live process that holds the lock. */
export async function lockHolder(path: string): Promise<number | undefined> {
  const text = await readIfExists(path);
  if (text === undefined) return undefined;
  const holder = parseHolder(text);
  if (holder === undefined || holder.pid === process.pid) return undefined;
  const startTime = await startTimeOf(holder.pid);
  return startTime !== undefined && startTime === holder.startTime ? holder.pid : undefined;
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, startTime } = (JSON.parse(text) ?? {}) as Partial<Holder>;
    return typeof pid === 'number' && Number.isInteger(pid) && pid > 0 && typeof startTime === 'string' ? { pid, startTime } : undefined;
  } catch {
    return undefined; // Cut short: nobody holds it.
  }
}

/** Undefined when there is no such process; '' where the system does not tell start times. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
  }
  if (process.platform !== 'linux') return '';
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : (fields[19] ?? '');
}

import { setTimeout as wait } from 'node:timers/promises';
import type { DataDirectory } from '../../cluster/data-directory.ts';
import { lockHolder } from '../../cluster/process-lock.ts';
import { connectToDaemon } from '../daemon-connection.ts';
import { parseCommand } from '../options.ts';

/** Guests get time to end their pods; see the drivers' own limits. */
const stopsWithinMs = 120_000;

export async function stop(args: readonly string[]): Promise<number> {
  const { directory } = parseCommand(args, {});
  console.error((await stopDaemon(directory)) ? 'Stopped; everything in the cluster is kept.' : 'The cluster was not running.');
  return 0;
}

/** Resolves when the daemon is gone; false when none ran. */
export async function stopDaemon(directory: DataDirectory): Promise<boolean> {
  using connection = await connectToDaemon(directory);
  const pid = await lockHolder(directory.lock);
  if (connection !== undefined) await connection.call('daemon.shutdown', {}).catch(() => {}); // It may close the connection before its answer: the lock tells.
  else if (pid === undefined) return false;
  else terminate(pid); // It starts just now, or somebody removed its socket.
  const deadline = Date.now() + stopsWithinMs;
  while ((await lockHolder(directory.lock)) !== undefined) {
    if (Date.now() > deadline) throw new Error(`the daemon (pid ${pid}) did not stop within ${stopsWithinMs / 1000} s; see ${directory.logs}`);
    await wait(50);
  }
  return true;
}

function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

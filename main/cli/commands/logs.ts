import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseCommand } from '../options.ts';
import { UsageError } from '../usage-error.ts';

/** `logs [COMPONENT]`: the daemon's log, or that of a machine (worker-1). */
export async function logs(args: readonly string[]): Promise<number> {
  const { positionals, directory } = parseCommand(args, {}, { positionals: true });
  const available = (await readdir(directory.logs).catch(() => [])).filter((file) => file.endsWith('.log')).map((file) => file.slice(0, -4));
  const name = positionals[0] ?? 'daemon';
  if (!available.includes(name)) throw new UsageError(`there is no log of "${name}"; there are: ${available.join(', ') || 'none yet'}`);
  await pipeline(createReadStream(join(directory.logs, `${name}.log`)), process.stdout, { end: false });
  return 0;
}

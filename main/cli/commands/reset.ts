import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { parseCommand } from '../options.ts';
import { recoverMachines } from '../../cluster/recover-machines.ts';
import { stopDaemon } from './stop.ts';

/** Deletes the cluster: store, keys, machines. Asks first unless --yes. */
export async function reset(args: readonly string[]): Promise<number> {
  const { values, directory } = parseCommand(args, { yes: { type: 'boolean' } });
  if (values['yes'] !== true && !(await confirmed(directory.root))) {
    console.error('Nothing was deleted.');
    return 1;
  }
  await stopDaemon(directory);
  await recoverMachines(directory);
  await rm(directory.root, { recursive: true, force: true });
  console.error(`Deleted ${directory.root}.`);
  return 0;
}

async function confirmed(path: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Error('reset deletes the cluster and there is no terminal to ask on; add --yes');
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/iu.test(await prompt.question(`Delete the cluster in ${path} with everything in it? [y/N] `));
  } finally {
    prompt.close();
  }
}

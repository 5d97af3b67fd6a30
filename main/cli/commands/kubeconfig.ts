import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { mergeKubeconfigFile } from '../../cluster/kubeconfig.ts';
import { parseCommand } from '../options.ts';

/** Prints the cluster's kubeconfig; with --merge adds its context to the user's own file without switching to it. */
export async function kubeconfig(args: readonly string[]): Promise<number> {
  const { values, directory } = parseCommand(args, { merge: { type: 'boolean' } });
  const text = await readFile(directory.kubeconfig, 'utf8').catch((error: unknown) => {
    throw new Error(`there is no cluster in ${directory.root} yet; start it with \`coracle up\``, { cause: error });
  });
  if (values['merge'] !== true) {
    process.stdout.write(text);
    return 0;
  }
  const target = (process.env['KUBECONFIG'] ?? '').split(delimiter).find((path) => path !== '') ?? join(homedir(), '.kube', 'config');
  const context = await mergeKubeconfigFile(target, text);
  console.error(`Merged context "${context}" into ${target}; use it with \`kubectl config use-context ${context}\`.`);
  return 0;
}

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dataDirectory } from '../../cluster/data-directory.ts';
import { findKubectl } from '../../cluster/find-kubectl.ts';

/** `kubectl [--data-dir DIR] -- ARGS`: kubectl with this cluster's kubeconfig, its exit code passed on. */
export async function kubectl(args: readonly string[]): Promise<number> {
  const own = args[0] === '--data-dir' ? args.slice(0, 2) : [];
  const directory = own[1] === undefined ? dataDirectory() : dataDirectory(own[1]);
  const rest = args.slice(own.length);
  if (!existsSync(directory.kubeconfig)) throw new Error(`there is no cluster in ${directory.root} yet; start it with \`coracle up\``);
  const program = findKubectl();
  if (program === undefined) throw new Error('no kubectl is installed; run `npm run build` to fetch it');
  const child = spawn(program, rest[0] === '--' ? rest.slice(1) : rest, { stdio: 'inherit', env: { ...process.env, KUBECONFIG: directory.kubeconfig } });
  process.on('SIGINT', () => {}); // kubectl gets it from the terminal and decides.
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

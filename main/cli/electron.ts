import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const electronPackage = fileURLToPath(new URL('../../node_modules/electron', import.meta.url));
const application = fileURLToPath(new URL('../app/dist/main.js', import.meta.url));

/** The Electron program, when it is installed, there is a desktop to show a window on, and the shell is built; otherwise the browser does. */
export async function findElectron(): Promise<string | undefined> {
  if (!hasDesktop() || !existsSync(application)) return undefined;
  const name = await readFile(join(electronPackage, 'path.txt'), 'utf8').catch(() => (process.platform === 'win32' ? 'electron.exe' : 'electron'));
  const program = join(process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(electronPackage, 'dist'), name);
  return existsSync(program) ? program : undefined;
}

export function hasDesktop(): boolean {
  return process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
}

/** Runs the desktop app with the options of `up` until its user quits it. */
export function runElectron(program: string, options: object): Promise<number> {
  const child = spawn(program, [application, JSON.stringify(options)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

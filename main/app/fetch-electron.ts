/**
 * Brings Electron's binary and bundles the desktop shell, where there is a desktop. The binary comes from the network once; without it
 * the window opens in the browser, so a failure is told and is no error.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const electron = fileURLToPath(new URL('../../node_modules/electron', import.meta.url));
const downloadLimitMs = 180_000;

const desktop = process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
if (desktop && haveBinary()) await import('./build.ts');

function haveBinary(): boolean {
  if (process.env['ELECTRON_OVERRIDE_DIST_PATH'] || existsSync(join(electron, 'path.txt'))) return true;
  console.error('▸ Fetching Electron (once)');
  const { status } = spawnSync(process.execPath, [join(electron, 'install.js')], { stdio: ['ignore', 'ignore', 'ignore'], timeout: downloadLimitMs });
  if (status !== 0) console.error('  Electron could not be fetched; the window opens in the browser instead');
  return status === 0;
}

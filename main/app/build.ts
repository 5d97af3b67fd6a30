/**
 * Bundles what Electron runs into main/app/dist: the main process, the preload script, the daemon, the window and the files that the daemon
 * reads at run time. Those stand in dist/ at the places they have in the source tree, and `import.meta.url` of each bundled module is kept as
 * if it stood at its own place too; so one way of finding files serves sources and bundle.
 */
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bannerOf, bundleDaemon, bundleDefaults } from '../daemon/launch/bundle-daemon.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const out = join(root, 'main', 'app', 'dist');
/** Files and folders that the daemon reads at run time. */
const runtimeFiles = ['kube/api/generated/descriptions', 'kube/api/generated/.digest', 'main/daemon/shell', 'main/nodes/local/node-init.sh', 'agent/dist', 'renderer/dist'];
const shared = { ...bundleDefaults, absWorkingDir: root, sourcemap: 'linked' } as const;

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await Promise.all([
  build({ ...shared, format: 'esm', entryPoints: { main: 'main/app/main.ts' }, outdir: out, banner: { js: bannerOf('./') } }),
  bundleDaemon({ root, out, places: './', build: { sourcemap: 'linked' } }),
  build({ ...shared, format: 'cjs', entryPoints: ['main/app/preload.ts'], outfile: join(out, 'preload.cjs') }),
]);
for (const path of runtimeFiles) if (existsSync(join(root, path))) cpSync(join(root, path), join(out, path), { recursive: true });

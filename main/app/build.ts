/** Bundles what Electron runs into main/app/dist: the main process, the preload script, the daemon and the window. */
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const out = join(root, 'main', 'app', 'dist');
/** Native addons and what finds its own files at run time stay packages. */
const external = ['electron', 'node-pty', 'ssh2', 'cpu-features'];
const shared = { bundle: true, platform: 'node', target: 'node24', external, absWorkingDir: root, logLevel: 'warning', sourcemap: 'linked' } as const;
const requireShim = "import { createRequire as coracleCreateRequire } from 'node:module'; const require = coracleCreateRequire(import.meta.url);";

mkdirSync(out, { recursive: true });
await Promise.all([
  build({ ...shared, format: 'esm', entryPoints: { main: 'main/app/main.ts', daemon: 'main/daemon/main.ts', 'sqlite-worker': 'main/etcd/backend/sqlite-worker.ts' }, outdir: out, banner: { js: requireShim } }),
  build({ ...shared, format: 'cjs', entryPoints: ['main/app/preload.ts'], outfile: join(out, 'preload.cjs') }),
]);
const window = join(root, 'renderer', 'dist');
if (existsSync(window)) cpSync(window, join(out, 'renderer'), { recursive: true });
cpSync(join(root, 'main', 'daemon', 'shell'), join(out, 'shell'), { recursive: true });

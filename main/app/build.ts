/**
 * Bundles what Electron runs into main/app/dist: the main process, the preload script, the daemon, the window and the files that the daemon
 * reads at run time. Those stand in dist/ at the places they have in the source tree, and `import.meta.url` of each bundled module is kept as
 * if it stood at its own place too; so one way of finding files serves sources and bundle.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Plugin } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const out = join(root, 'main', 'app', 'dist');
/** Native addons and what finds its own files at run time stay packages. */
const external = ['electron', 'node-pty', 'ssh2', 'cpu-features'];
/** Files and folders that the daemon reads at run time. */
const runtimeFiles = ['kube/api/generated/descriptions', 'kube/api/generated/.digest', 'main/daemon/shell', 'main/nodes/local/node-init.sh', 'agent/dist', 'renderer/dist'];
/** Programs that run as threads or processes of their own; they keep their names, with .js. */
const programs = ['main/etcd/backend/sqlite-worker.ts', 'main/nodes/local/forwarder.ts'];

const keepPlaces: Plugin = {
  name: 'keep-places',
  setup(context) {
    context.onLoad({ filter: /[\\/](main|kube|images)[\\/].*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (path.includes('node_modules') || !text.includes('import.meta.')) return undefined;
      const place = JSON.stringify(relative(root, path).replaceAll('\\', '/'));
      const renamed = programs.reduce((source, program) => source.replaceAll(`${program.split('/').at(-1)}'`, `${program.split('/').at(-1)?.replace(/\.ts$/u, '.js')}'`), text);
      return { loader: 'ts', contents: renamed.replaceAll('import.meta.url', `coraclePlace(${place}).url`).replaceAll('import.meta.dirname', `coraclePlace(${place}).dirname`) };
    });
  },
};

const banner = `import { createRequire as coracleRequire } from 'node:module';
import { dirname as coracleDirname } from 'node:path';
import { fileURLToPath as coraclePath } from 'node:url';
const require = coracleRequire(import.meta.url);
const coracleRoot = import.meta.url;
const coraclePlace = (place) => { const url = new URL(place, coracleRoot); return { url: url.href, dirname: coracleDirname(coraclePath(url)) }; };`;
const shared = { bundle: true, platform: 'node', target: 'node24', external, absWorkingDir: root, logLevel: 'warning', sourcemap: 'linked' } as const;

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await Promise.all([
  build({ ...shared, format: 'esm', entryPoints: { main: 'main/app/main.ts' }, outdir: out, banner: { js: banner } }),
  build({ ...shared, format: 'esm', entryPoints: { daemon: 'main/daemon/main.ts' }, outdir: out, banner: { js: banner }, plugins: [keepPlaces] }),
  build({ ...shared, format: 'esm', entryPoints: [...programs], outdir: out, outbase: root, banner: { js: banner } }),
  build({ ...shared, format: 'cjs', entryPoints: ['main/app/preload.ts'], outfile: join(out, 'preload.cjs') }),
]);
for (const path of runtimeFiles) if (existsSync(join(root, path))) cpSync(join(root, path), join(out, path), { recursive: true });

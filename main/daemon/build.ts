/** Bundles the daemon for `coracle up` of a source tree: main/daemon/dist. Skipped when no input changed. */
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleDaemon } from './launch/bundle-daemon.ts';
import { freshDaemonBundle, type DaemonBundleRecord } from './launch/fresh-daemon-bundle.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const out = join(root, 'main', 'daemon', 'dist');

if (freshDaemonBundle(root) !== undefined) console.log('daemon: up to date');
else {
  const started = Date.now();
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const paths = [...(await bundleDaemon({ root, out, places: '../../../' })), 'main/daemon/build.ts', 'main/daemon/launch/bundle-daemon.ts'];
  const inputs = paths.map((path) => {
    const { size, mtimeMs } = statSync(join(root, path));
    return { path, sizeBytes: size, modifiedMs: mtimeMs };
  });
  writeFileSync(join(out, 'inputs.json'), JSON.stringify({ inputs } satisfies DaemonBundleRecord));
  console.log(`daemon: ${inputs.length} files bundled in ${Date.now() - started} ms`);
}

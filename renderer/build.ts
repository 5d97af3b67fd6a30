/** Builds the window into renderer/dist with Vite, unless nothing it depends on has changed. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = join(root, 'renderer', 'dist', '.digest');

const digest = digestOf(['renderer', 'main/bridge', 'kube/apimachinery', 'package-lock.json']);
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest) {
  const started = performance.now();
  console.error('▸ Building the window');
  const { build } = await import('vite');
  await build({ configFile: join(root, 'renderer', 'vite.config.ts'), logLevel: 'warn' });
  writeFileSync(stamp, digest);
  console.error(`  window built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

function digestOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of paths.flatMap((path) => files(join(root, path))).sort()) hash.update(file.slice(root.length)).update(readFileSync(file));
  return hash.digest('hex');
}

function files(path: string): string[] {
  if (!existsSync(path)) return [];
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.name === 'dist' || entry.name === 'node_modules' ? [] : files(join(path, entry.name))));
  } catch {
    return [path]; // Not a folder.
  }
}

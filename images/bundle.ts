/**
 * Gathers what the packaged app carries (electron-builder.yml, extraResources) into .cache/bundle: the newest container images, node image and kubectl
 * as `npm run build` made them, so that a workshop needs no network after installation.
 */
import { cp, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultCacheDirectory } from './cache-directory.ts';

const target = join(import.meta.dirname, '..', '.cache', 'bundle');

await rm(target, { recursive: true, force: true });
for (const kind of ['containers', 'node']) {
  const newest = await newestFolder(join(defaultCacheDirectory(), kind), /^[0-9a-f]{16}$/u);
  await cp(newest, join(target, kind, newest.slice(-16)), { recursive: true });
}
await mkdir(join(target, 'kubectl'), { recursive: true });
await cp(join(await newestFolder(join(defaultCacheDirectory(), 'kubectl'), /^\d/u), 'kubectl'), join(target, 'kubectl', 'kubectl'));

async function newestFolder(parent: string, pattern: RegExp): Promise<string> {
  const names = (await readdir(parent).catch(() => [])).filter((name) => pattern.test(name));
  const aged = await Promise.all(names.map(async (name) => ({ path: join(parent, name), time: (await stat(join(parent, name))).mtimeMs })));
  const newest = aged.sort((a, b) => b.time - a.time)[0];
  if (newest === undefined) throw new Error(`Cannot find a build in "${parent}"; run \`npm run build\` first`);
  return newest.path;
}

import { copyFile, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { defaultCacheDirectory } from '../../images/cache-directory.ts';
import { startImageRegistry } from '../image-registry/registry.ts';
import type { ImageRegistry } from '../image-registry/registry.ts';
import { defaultRegistryPort } from './addresses.ts';
import type { DataDirectory } from './data-directory.ts';
import { freePort } from './free-port.ts';

/** The registry that nodes pull from: bundled images first, then what was loaded or pulled before. */
export async function startRegistry({ directory, signal }: { directory: DataDirectory; signal: AbortSignal }): Promise<ImageRegistry> {
  const built = await newestBuild('containers');
  const layouts = built === undefined ? [] : [await keepLayout(built, join(directory.images, 'bundled'))];
  return startImageRegistry({ layouts, dataDirectory: directory.images, port: await freePort(defaultRegistryPort), signal });
}

/** The folder of the newest finished build of this kind (`containers`, `node`, `runtime`); in the packaged app, what the installer brought. */
export async function newestBuild(kind: string): Promise<string | undefined> {
  const resources = (process as { resourcesPath?: string }).resourcesPath;
  for (const parent of [...(resources === undefined ? [] : [join(resources, kind)]), join(defaultCacheDirectory(), kind)]) {
    const names = (await readdir(parent).catch(() => [])).filter((name) => /^[0-9a-f]{16}$/u.test(name));
    const aged = await Promise.all(names.map(async (name) => ({ path: join(parent, name), builtAt: (await stat(join(parent, name))).mtimeMs })));
    const newest = aged.sort((a, b) => b.builtAt - a.builtAt)[0];
    if (newest !== undefined) return newest.path;
  }
  return undefined;
}

/** The cluster's own hard links to the layout: the cache may be cleaned, or built anew, while it runs. Older ones go. */
async function keepLayout(layout: string, parent: string): Promise<string> {
  const target = join(parent, basename(layout));
  if (!(await stat(target).then(() => true, () => false))) {
    const work = `${target}.partial`;
    await rm(work, { recursive: true, force: true });
    await linkTree(layout, work);
    await rename(work, target);
  }
  for (const name of await readdir(parent)) if (name !== basename(layout)) await rm(join(parent, name), { recursive: true, force: true });
  return target;
}

async function linkTree(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) await linkTree(from, to);
    else await link(from, to).catch(() => copyFile(from, to)); // Another file system: a copy does as well.
  }
}

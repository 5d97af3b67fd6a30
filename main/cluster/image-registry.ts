import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultCacheDirectory } from '../../images/cache-directory.ts';
import { startImageRegistry } from '../image-registry/registry.ts';
import type { ImageRegistry } from '../image-registry/registry.ts';
import { defaultRegistryPort } from './addresses.ts';
import type { DataDirectory } from './data-directory.ts';
import { freePort } from './free-port.ts';

/** The registry that nodes pull from: bundled images first, then what was loaded or pulled before. */
export async function startRegistry({ directory, signal }: { directory: DataDirectory; signal: AbortSignal }): Promise<ImageRegistry> {
  const layout = await newestBuild('containers');
  return startImageRegistry({ layouts: layout === undefined ? [] : [layout], dataDirectory: directory.images, port: await freePort(defaultRegistryPort), signal });
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

import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

export interface CachedBuildOptions {
  /** Folder with one sub-folder per digest. */
  readonly directory: string;
  /** What the result depends on: text and the files of the recipe. */
  readonly inputs: readonly string[];
  readonly inputFiles: readonly string[];
  /** Fills an empty folder; the folder becomes visible only when this has resolved. */
  readonly build: (directory: string) => Promise<void>;
  readonly rebuild?: boolean;
}

/** A folder named after the digest of its inputs: found again in no time, rebuilt when the recipe changes, never seen half done. */
export async function cachedBuild(options: CachedBuildOptions): Promise<{ readonly directory: string; readonly built: boolean }> {
  const digest = await digestOf(options.inputs, options.inputFiles);
  const target = join(options.directory, digest);
  if (!options.rebuild && await exists(target)) {
    // Whoever looks for the newest result finds the one that belongs to the present recipe.
    await utimes(target, new Date(), new Date());
    return { directory: target, built: false };
  }
  const work = join(options.directory, `${digest}.${process.pid}.partial`);
  await mkdir(work, { recursive: true });
  try {
    await options.build(work);
    await rm(target, { recursive: true, force: true });
    await renameUnlessThere(work, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await removeStale(options.directory, digest);
  return { directory: target, built: true };
}

/** Two builds at once are allowed: the first to finish wins, the other's equal result is dropped. */
async function renameUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (cause) {
    if (!await exists(to)) throw cause;
  }
}

/** Older results may still back a running cluster, so the last few stay. */
const keptResults = 3;

async function removeStale(directory: string, current: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => /^[0-9a-f]{16}$/.test(name) && name !== current);
  const aged = await Promise.all(names.map(async (name) => ({ name, time: (await stat(join(directory, name))).mtimeMs })));
  aged.sort((a, b) => b.time - a.time);
  for (const { name } of aged.slice(keptResults - 1)) await rm(join(directory, name), { recursive: true, force: true });
}

async function digestOf(inputs: readonly string[], files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const input of inputs) hash.update(`${input.length}:${input}\n`);
  for (const file of [...files].sort()) {
    const content = await readFile(file);
    hash.update(`${content.length}:`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}

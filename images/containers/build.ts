import { glob } from 'node:fs/promises';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostArchitecture } from '../architecture.ts';
import type { Architecture } from '../architecture.ts';
import { cachedBuild } from '../build-cache.ts';
import { defaultCacheDirectory } from '../cache-directory.ts';
import { downloadPackages } from '../debian/debian-archive.ts';
import { readPackageFiles } from '../debian/package-files.ts';
import { runProgram } from '../run-program.ts';
import { writeOciLayout } from './oci-layout-writer.ts';
import { bundledImages, imagePackages, packageNamed } from './recipes.ts';

const suite = 'trixie';

export interface ContainerImagesOptions {
  readonly architecture?: Architecture;
  readonly cacheDirectory?: string;
  readonly rebuild?: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: (line: string) => void;
}

/** Builds the images that work without any network, once per recipe; resolves to an OCI image layout on disk. */
export async function buildContainerImages(options: ContainerImagesOptions = {}): Promise<{ readonly layout: string; readonly built: boolean }> {
  const architecture = options.architecture ?? hostArchitecture();
  const cacheDirectory = options.cacheDirectory ?? defaultCacheDirectory();
  const result = await cachedBuild({
    directory: join(cacheDirectory, 'containers'), inputs: [suite, architecture], inputFiles: await recipeFiles(import.meta.dirname), rebuild: options.rebuild,
    async build(directory) {
      const archive = { suite, cacheDirectory, signal: options.signal, progress: options.progress };
      const packages = await downloadPackages(imagePackages, { ...archive, architecture });
      options.progress?.('building container images: pause, busybox, nginx, echo');
      const applets = await listApplets({ ...options, cacheDirectory, workDirectory: directory });
      const images = await bundledImages({ architecture, packages, applets, signal: options.signal });
      await writeOciLayout(directory, images, architecture);
    },
  });
  return { layout: result.directory, built: result.built };
}

/** Asks the host's own build of busybox, since the target's may be for another processor. */
export async function listApplets(options: ContainerImagesOptions & { readonly cacheDirectory: string; readonly workDirectory: string }): Promise<readonly string[]> {
  const archive = { suite, architecture: hostArchitecture(), cacheDirectory: options.cacheDirectory, signal: options.signal };
  const deb = packageNamed(await downloadPackages(['busybox-static'], archive), 'busybox-static');
  const program = (await readPackageFiles(deb, (path) => path === 'usr/bin/busybox')).get('usr/bin/busybox');
  const path = join(options.workDirectory, 'busybox');
  await writeFile(path, program?.content ?? '');
  await chmod(path, 0o755);
  const listing = await runProgram(path, ['--list'], { signal: options.signal });
  await rm(path);
  return listing.toString().split('\n').filter(Boolean);
}

/** The sources that decide the result: this folder's and the shared ones. */
export async function recipeFiles(...directories: readonly string[]): Promise<readonly string[]> {
  const shared = join(import.meta.dirname, '..', 'debian');
  const files: string[] = [];
  for (const directory of [...directories, shared]) {
    for await (const name of glob('**/*', { cwd: directory })) if (/\.[a-z]+$/.test(name) && !name.includes('.test.')) files.push(join(directory, name));
  }
  return files;
}

if (import.meta.main) {
  await mkdir(defaultCacheDirectory(), { recursive: true });
  const { layout, built } = await buildContainerImages({ progress: (line) => console.error(line), rebuild: process.argv.includes('--rebuild') });
  console.log(`${built ? 'built' : 'found'} ${layout}`);
}

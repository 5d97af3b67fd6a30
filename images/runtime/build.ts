import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hostArchitecture, platformOf } from '../architecture.ts';
import { cachedBuild } from '../build-cache.ts';
import { defaultCacheDirectory } from '../cache-directory.ts';
import { recipeFiles } from '../containers/build.ts';
import type { ContainerImagesOptions } from '../containers/build.ts';
import { packageNamed } from '../containers/recipes.ts';
import { downloadPackages } from '../debian/debian-archive.ts';
import type { DebianPackage } from '../debian/debian-archive.ts';
import { readPackageFiles } from '../debian/package-files.ts';

/** trixie's containerd runs natively on older Debian releases; its runc wants a newer libc, so runc is bookworm's. */
const suites = { containerd: 'trixie', runc: 'bookworm' } as const;

/** Go programs that stand alone or need only the host's libc. */
const nativePrograms = /^usr\/s?bin\/(containerd|containerd-shim-runc-v2|ctr)$/;
/** Programs that bring their own libraries and loader, whatever the host has. */
const wrappedPrograms = /^usr\/s?bin\/(nft|conntrack|busybox)$/;

/**
 * What driver `local` needs to run nodes directly on this host, unpacked into the cache and never installed:
 * bin/ (containerd, shim, ctr, runc, nft, conntrack, busybox), cni/ (plugins), lib/ (their libraries).
 */
export async function buildLocalRuntime(options: Omit<ContainerImagesOptions, 'architecture'> = {}): Promise<{ readonly directory: string; readonly built: boolean }> {
  const cacheDirectory = options.cacheDirectory ?? defaultCacheDirectory();
  const architecture = hostArchitecture();
  return cachedBuild({
    directory: join(cacheDirectory, 'runtime'), inputs: [JSON.stringify(suites), architecture], inputFiles: await recipeFiles(import.meta.dirname), rebuild: options.rebuild,
    async build(directory) {
      const archive = { architecture, cacheDirectory, signal: options.signal, progress: options.progress };
      const names = ['containerd', 'containernetworking-plugins', 'nftables', 'conntrack', 'busybox-static'];
      const packages = await downloadPackages(names, { ...archive, suite: suites.containerd });
      const [runc] = (await downloadPackages(['runc'], { ...archive, suite: suites.runc })).filter(({ name }) => name === 'runc');
      options.progress?.('unpacking the container runtime');
      await unpackRuntime(directory, [...packages.filter(({ name }) => name !== 'runc'), ...(runc ? [runc] : [])]);
    },
  });
}

async function unpackRuntime(directory: string, packages: readonly DebianPackage[]): Promise<void> {
  const { triplet, loader } = platformOf[hostArchitecture()];
  for (const name of ['containerd', 'runc', 'containernetworking-plugins', 'nftables', 'conntrack', 'busybox-static']) packageNamed(packages, name);
  for (const deb of packages) {
    const tree = await readPackageFiles(deb, (path) => placeOf(path, deb.name, triplet, loader) !== undefined);
    for (const entry of tree.values()) {
      const place = placeOf(entry.path, deb.name, triplet, loader);
      const content = entry.type === 'symlink' ? tree.get(join(dirname(entry.path), entry.target ?? ''))?.content : entry.content;
      if (place && content) await writeProgram(join(directory, place), content);
    }
  }
  for (const name of ['nft', 'conntrack']) {
    await writeProgram(join(directory, 'bin', name), `#!/bin/sh\nd=$(dirname "$(readlink -f "$0")")/..\nexec "$d/lib/${loader}" --library-path "$d/lib" "$d/wrapped/${name}" "$@"\n`);
  }
}

function placeOf(path: string, packageName: string, triplet: string, loader: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (packageName === 'runc') return /^usr\/s?bin\/runc$/.test(path) ? 'bin/runc' : undefined;
  if (nativePrograms.test(path)) return `bin/${name}`;
  if (wrappedPrograms.test(path)) return name === 'busybox' ? 'bin/busybox' : `wrapped/${name}`;
  if (/^usr\/lib\/cni\/[^/]+$/.test(path)) return `cni/${name}`;
  if (new RegExp(`^usr/lib/${triplet}/(lib[^/]+\\.so[^/]*|${loader})$`).test(path) || path === `usr/lib64/${loader}`) return `lib/${name}`;
  return undefined;
}

async function writeProgram(path: string, content: Buffer | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, { mode: 0o755 });
}

if (import.meta.main) {
  const { directory, built } = await buildLocalRuntime({ progress: (line) => console.error(line), rebuild: process.argv.includes('--rebuild') });
  console.log(`${built ? 'built' : 'found'} ${directory}`);
}

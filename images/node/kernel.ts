import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { zstdDecompressSync, gunzipSync } from 'node:zlib';
import type { Architecture } from '../architecture.ts';
import type { DebianPackage } from '../debian/debian-archive.ts';
import { file, readPackageFiles } from '../debian/package-files.ts';
import type { FileTree } from '../debian/package-files.ts';
import type { PrivatePrograms } from '../debian/private-program.ts';

/** What containers, Services and the cluster network need; modules that these depend on come along. */
const wantedModules = new RegExp(`/kernel/(${[
  'fs/overlayfs/', 'fs/fuse/', 'drivers/block/virtio_blk', 'drivers/net/(virtio_net|veth|dummy|vxlan|tun|macvlan|ipvlan/|wireguard/|ifb|geneve)', 'drivers/char/hw_random/virtio',
  'drivers/virtio/', 'net/bridge/', 'net/netfilter/', 'net/ipv4/', 'net/ipv6/', 'net/sched/(sch_(htb|ingress|fq|tbf|netem|prio)|cls_(bpf|u32|fw|basic)|act_(mirred|police|bpf))',
  'net/802/', 'net/8021q/', 'net/llc/', 'net/core/', 'net/packet/', 'net/unix/', 'lib/', 'crypto/(crc32c|libcrc32c)',
].join('|')})`);

/** Never used by a node, and large. */
const unwantedModules = /\/(net\/(netfilter\/ipset|netfilter\/ipvs)|lib\/(test_|kunit))/;

export interface Kernel {
  readonly version: string;
  /** Uncompressed on amd64: under emulation decompressing takes two seconds. */
  readonly image: Buffer;
  readonly modules: FileTree;
}

export async function buildKernel(deb: DebianPackage, options: { readonly architecture: Architecture; readonly workDirectory: string; readonly programs: PrivatePrograms; readonly signal?: AbortSignal }): Promise<Kernel> {
  const tree = await readPackageFiles(deb, (path) => path.startsWith('boot/vmlinu') || path.startsWith('usr/lib/modules/'), options.signal);
  const image = [...tree.values()].find(({ path }) => path.startsWith('boot/vmlinu'));
  if (!image?.content) throw new Error(`Cannot find a kernel in package "${deb.name}"`);
  const version = image.path.replace(/^boot\/vmlinu[xz]-/, '');
  const modules = await selectModules(tree, version, options);
  const uncompressed = options.architecture === 'amd64' ? await extractBzImage(image.content, options.workDirectory, options.programs) : image.content;
  return { version, image: uncompressed, modules };
}

async function selectModules(tree: FileTree, version: string, options: { readonly workDirectory: string; readonly programs: PrivatePrograms; readonly signal?: AbortSignal }): Promise<FileTree> {
  const all = join(options.workDirectory, 'kernel', 'all');
  const root = join(options.workDirectory, 'kernel', 'chosen');
  const folder = join(root, 'lib', 'modules', version);
  const unpacked = await decompressModules(tree, all, options);
  for (const path of withDependencies(unpacked, (module) => wantedModules.test(module) && !unwantedModules.test(module))) await copyInto(root, path, unpacked.get(path));
  for (const { path, content } of tree.values()) if (/\/modules\.(order|builtin|builtin\.modinfo)$/.test(path)) await copyInto(root, path, content);
  await options.programs.run('usr/sbin/depmod', ['--basedir', root, version], { signal: options.signal });
  const modules: FileTree = new Map();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const target = `usr/lib/modules/${version}/${path.slice(folder.length + 1)}`;
    modules.set(target, file(target, await readFile(path)));
  }
  return modules;
}

/** All modules of the package by path without ".xz": their dependencies stand only inside them. */
async function decompressModules(tree: FileTree, directory: string, options: { readonly programs: PrivatePrograms; readonly signal?: AbortSignal }): Promise<ReadonlyMap<string, Buffer>> {
  const compressed: string[] = [];
  for (const { path, content } of tree.values()) {
    if (!/\.ko(\.xz)?$/.test(path)) continue;
    const target = join(directory, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content ?? '');
    if (path.endsWith('.xz')) compressed.push(target);
  }
  // One program for all of them: starting it hundreds of times takes longer than its work.
  if (compressed.length > 0) await options.programs.run('usr/bin/xz', ['--decompress', ...compressed], { signal: options.signal });
  const modules = new Map<string, Buffer>();
  for (const { path } of tree.values()) {
    const plain = path.replace(/\.xz$/, '');
    if (plain.endsWith('.ko')) modules.set(plain, await readFile(join(directory, plain)));
  }
  return modules;
}

/** The wanted modules and what they depend on, by the `depends=` line of each. */
export function withDependencies(modules: ReadonlyMap<string, Buffer>, wanted: (path: string) => boolean): ReadonlySet<string> {
  const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1, -'.ko'.length).replaceAll('-', '_');
  const byName = new Map([...modules.keys()].map((path) => [nameOf(path), path]));
  const chosen = new Set<string>();
  const pending = [...modules.keys()].filter(wanted);
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (chosen.has(path)) continue;
    chosen.add(path);
    for (const name of dependencies(modules.get(path))) {
      const dependency = byName.get(name.replaceAll('-', '_'));
      if (dependency) pending.push(dependency);
    }
  }
  return chosen;
}

function dependencies(module: Buffer | undefined): readonly string[] {
  const marker = '\0depends=';
  const start = module?.indexOf(marker) ?? -1;
  if (!module || start < 0) return [];
  const value = start + marker.length;
  return module.subarray(value, module.indexOf(0, value)).toString().split(',').filter(Boolean);
}

async function copyInto(root: string, path: string, content: Buffer | undefined): Promise<void> {
  const target = join(root, path.replace(/^usr\//, ''));
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content ?? '');
}

/** The ELF kernel inside a bzImage; offsets are from the Linux x86 boot protocol. */
async function extractBzImage(bzImage: Buffer, workDirectory: string, programs: PrivatePrograms): Promise<Buffer> {
  const setupSectors = bzImage[0x1f1] || 4;
  const start = (setupSectors + 1) * 512 + bzImage.readUInt32LE(0x248);
  const payload = bzImage.subarray(start, start + bzImage.readUInt32LE(0x24c) - 4);
  switch (payload.readUInt32BE(0)) {
    case 0x28b52ffd: return zstdDecompressSync(payload);
    case 0xfd377a58: {
      const path = join(workDirectory, 'vmlinux.xz');
      await writeFile(path, payload);
      await programs.run('usr/bin/xz', ['--decompress', '--force', path]);
      return readFile(path.slice(0, -3));
    }
    default:
      if (payload.readUInt16BE(0) === 0x1f8b) return gunzipSync(payload);
      throw new Error('Cannot read the kernel image: its compression is neither zstd, xz nor gzip');
  }
}

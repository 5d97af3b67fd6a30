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
  const tree = await readPackageFiles(deb, (path) => path.startsWith('boot/vmlinu') || /^usr\/lib\/modules\//.test(path), options.signal);
  const image = [...tree.values()].find(({ path }) => path.startsWith('boot/vmlinu'));
  if (!image?.content) throw new Error(`Cannot find a kernel in package "${deb.name}"`);
  const version = image.path.replace(/^boot\/vmlinu[xz]-/, '');
  const modules = await selectModules(tree, version, options);
  const uncompressed = options.architecture === 'amd64' ? await extractBzImage(image.content, options.workDirectory, options.programs) : image.content;
  return { version, image: uncompressed, modules };
}

async function selectModules(tree: FileTree, version: string, options: { readonly workDirectory: string; readonly programs: PrivatePrograms; readonly signal?: AbortSignal }): Promise<FileTree> {
  const base = `usr/lib/modules/${version}`;
  const root = join(options.workDirectory, 'kernel');
  const chosen = [...tree.values()].filter(({ path }) => (wantedModules.test(path) && /\.ko(\.xz)?$/.test(path) && !unwantedModules.test(path)) || /\/modules\.(order|builtin|builtin\.modinfo)$/.test(path));
  for (const { path, content } of chosen) {
    const target = join(root, path.replace(/^usr\//, ''));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content ?? '');
  }
  const compressed = chosen.filter(({ path }) => path.endsWith('.xz')).map(({ path }) => join(root, path.replace(/^usr\//, '')));
  // One program for all of them: starting it a hundred times takes longer than its work.
  if (compressed.length > 0) await options.programs.run('usr/bin/xz', ['--decompress', ...compressed], { signal: options.signal });
  await options.programs.run('usr/sbin/depmod', ['--basedir', root, version], { signal: options.signal });
  const modules: FileTree = new Map();
  for (const name of await readdir(join(root, 'lib', 'modules', version), { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const path = join(name.parentPath, name.name);
    const relative = path.slice(join(root, 'lib', 'modules', version).length + 1);
    modules.set(`${base}/${relative}`, file(`${base}/${relative}`, await readFile(path)));
  }
  return modules;
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

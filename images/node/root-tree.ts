import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { platformOf } from '../architecture.ts';
import type { Architecture } from '../architecture.ts';
import { packageNamed } from '../containers/recipes.ts';
import type { DebianPackage } from '../debian/debian-archive.ts';
import { libraryClosure } from '../debian/elf-libraries.ts';
import { addEntries, directory, file, readPackageFiles, symlink } from '../debian/package-files.ts';
import type { FileTree, TreeEntry } from '../debian/package-files.ts';

/** Packages with files on a node; the kernel is separate. */
export const rootPackages = [
  'busybox-static', 'dash', 'containerd', 'runc', 'crun', 'containernetworking-plugins', 'nftables', 'conntrack', 'iproute2', 'dropbear-bin', 'kmod',
  'ca-certificates', 'e2fsprogs', 'mount', 'util-linux', 'libstdc++6', 'coreutils',
] as const;

/** Of each package only what a node runs: the rest of a Debian system is left out. */
const keptFiles: Readonly<Record<string, RegExp>> = {
  'busybox-static': /^usr\/bin\/busybox$/,
  dash: /^usr\/bin\/dash$/,
  containerd: /^usr\/bin\/(containerd|containerd-shim-runc-v2|ctr)$/,
  crun: /^usr\/bin\/crun$/,
  runc: /^usr\/s?bin\/runc$/,
  'containernetworking-plugins': /^usr\/lib\/cni\/(bridge|host-local|loopback|portmap|bandwidth|firewall|tuning)$/,
  nftables: /^usr\/sbin\/nft$/,
  conntrack: /^usr\/sbin\/conntrack$/,
  iproute2: /^(usr\/s?bin\/(ip|tc|ss|bridge)$|usr\/share\/iproute2\/|etc\/iproute2\/)/,
  'dropbear-bin': /^usr\/sbin\/dropbear$/,
  kmod: /^usr\/s?bin\/(kmod|modprobe|lsmod|insmod|rmmod|modinfo)$/,
  e2fsprogs: /^usr\/sbin\/resize2fs$/,
  mount: /^usr\/bin\/(mount|umount|findmnt)$/,
  'util-linux': /^usr\/bin\/(nsenter|unshare|findmnt|prlimit)$/,
  coreutils: /^usr\/bin\/(stat|date|timeout|stdbuf|df|du|nice)$/,
};

/** Loaded at run time by name, so that no ELF header tells of them. */
const loadedLibraries = ['libgcc_s.so.1', 'libnss_files.so.2', 'libnss_dns.so.2'];

export interface RootTreeOptions {
  readonly architecture: Architecture;
  readonly packages: readonly DebianPackage[];
  readonly applets: readonly string[];
  readonly nodeBinary: string;
  readonly modules: FileTree;
  readonly signal?: AbortSignal;
}

export async function rootTree(options: RootTreeOptions): Promise<FileTree> {
  const { triplet, loader } = platformOf[options.architecture];
  const tree: FileTree = new Map(skeleton(platformOf[options.architecture]).map((entry) => [entry.path, entry]));
  for (const [name, pattern] of Object.entries(keptFiles)) {
    addEntries(tree, (await readPackageFiles(packageNamed(options.packages, name), (path) => pattern.test(path), options.signal)).values());
  }
  addEntries(tree, [file('opt/coracle/bin/node', await readFile(options.nodeBinary), 0o755)]);
  const libraries: FileTree = new Map();
  const libraryPath = new RegExp(`^usr/lib/${triplet}/[^/]+\\.so[^/]*$`);
  for (const deb of options.packages) addEntries(libraries, (await readPackageFiles(deb, (path) => libraryPath.test(path), options.signal)).values());
  addEntries(tree, libraryClosure(tree, libraries, [...loadedLibraries, loader]));
  addEntries(tree, await certificates(options));
  addEntries(tree, options.modules.values());
  for (const applet of options.applets) {
    const paths = ['usr/bin', 'usr/sbin'].map((folder) => `${folder}/${applet}`);
    if (!paths.some((path) => tree.has(path))) addEntries(tree, [symlink(`usr/bin/${applet}`, 'busybox')]);
  }
  for (const [path, source] of [['usr/lib/coracle/init', 'init.sh'], ['usr/sbin/poweroff', 'poweroff.sh']] as const) {
    addEntries(tree, [file(path, await readFile(join(import.meta.dirname, source)), 0o755)]);
  }
  return tree;
}

/** The bundle that update-ca-certificates would write. */
async function certificates({ packages, signal }: RootTreeOptions): Promise<readonly TreeEntry[]> {
  const found = await readPackageFiles(packageNamed(packages, 'ca-certificates'), (path) => path.endsWith('.crt'), signal);
  const bundle = [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1)).map(({ content }) => content?.toString().trimEnd()).join('\n');
  return [file('etc/ssl/certs/ca-certificates.crt', `${bundle}\n`)];
}

function skeleton({ triplet, loader, loaderFolder }: (typeof platformOf)[Architecture]): readonly TreeEntry[] {
  const folders = ['proc', 'sys', 'dev', 'run', 'mnt', 'media', 'home', 'srv', 'boot', 'usr/sbin', 'usr/lib64', 'var/log/pods', 'var/log/containers', 'var/lib/cni', 'var/lib/kubelet', 'etc/cni/net.d', 'etc/dropbear', 'opt/cni'];
  return [
    ...folders.map((path) => directory(path)), ...['bin', 'sbin', 'lib', 'lib64'].map((name) => symlink(name, `usr/${name}`)),
    directory('root', { mode: 0o700 }), directory('root/.ssh', { mode: 0o700 }), directory('etc/coracle', { mode: 0o700 }), directory('tmp', { mode: 0o1777 }), directory('var/tmp', { mode: 0o1777 }),
    symlink('var/run', '/run'), symlink('usr/bin/sh', 'dash'), symlink('opt/cni/bin', '/usr/lib/cni'), symlink('etc/mtab', '/proc/self/mounts'),
    symlink(`${loaderFolder}/${loader}`, `/usr/lib/${triplet}/${loader}`),
    file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n'),
    file('etc/group', 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n'), file('etc/shadow', 'root:*:19000:0:99999:7:::\n', 0o600), file('etc/shells', '/bin/sh\n'),
    file('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n'), file('etc/profile', 'export PATH=/opt/coracle/bin:/usr/sbin:/usr/bin:/sbin:/bin\n'),
    file('etc/os-release', 'PRETTY_NAME="Coracle node (Debian GNU/Linux 13)"\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\nVERSION="13 (trixie)"\nVERSION_CODENAME=trixie\nID=debian\n'),
  ];
}

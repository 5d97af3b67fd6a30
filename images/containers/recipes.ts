import { platformOf } from '../architecture.ts';
import type { Architecture } from '../architecture.ts';
import { addEntries, directory, file, readPackageFiles, symlink } from '../debian/package-files.ts';
import type { FileTree, TreeEntry } from '../debian/package-files.ts';
import type { DebianPackage } from '../debian/debian-archive.ts';
import { libraryClosure } from '../debian/elf-libraries.ts';
import { echoIndex, echoServer, nginxConfiguration, nginxServer, nginxWelcome } from './contents.ts';
import type { ContainerImage } from './oci-layout-writer.ts';
import { pauseProgram } from './pause-program.ts';

/** Debian packages that the images are made of; their dependencies come along. */
export const imagePackages = ['busybox-static', 'nginx'] as const;

export interface RecipeInputs {
  readonly architecture: Architecture;
  readonly packages: readonly DebianPackage[];
  /** Names of busybox's commands, e.g. "sh": each becomes a link. */
  readonly applets: readonly string[];
  readonly signal?: AbortSignal;
}

const searchPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export async function bundledImages(inputs: RecipeInputs): Promise<readonly ContainerImage[]> {
  const base = await busyboxTree(inputs);
  return [pauseImage(inputs.architecture), busyboxImage(base, inputs.packages), await nginxImage(base, inputs), echoImage(base)];
}

function pauseImage(architecture: Architecture): ContainerImage {
  const tree = treeOf([file('pause', pauseProgram(architecture), 0o755)]);
  return { names: ['registry.k8s.io/pause:3.10', 'registry.k8s.io/pause:3.10.1'], tree, config: { Entrypoint: ['/pause'], User: '65535:65535' } };
}

function busyboxImage(base: FileTree, packages: readonly DebianPackage[]): ContainerImage {
  const version = upstreamVersion(packages, 'busybox-static');
  return {
    names: tags('docker.io/library/busybox', [version, version.replace(/\.\d+$/, ''), 'stable', 'latest']), tree: base,
    config: { Cmd: ['sh'], Env: [searchPath] },
  };
}

/** Set out as the well-known nginx image: same document root, configuration folders, port, user number and stop signal. */
async function nginxImage(base: FileTree, inputs: RecipeInputs): Promise<ContainerImage> {
  const { triplet, loader, loaderFolder } = platformOf[inputs.architecture];
  const tree = new Map(base);
  const libraries: FileTree = new Map();
  const libraryPath = new RegExp(`^usr/lib/${triplet}/[^/]+\\.so[^/]*$`);
  for (const deb of inputs.packages) addEntries(libraries, (await readPackageFiles(deb, (path) => libraryPath.test(path), inputs.signal)).values());
  addEntries(tree, (await readPackageFiles(packageNamed(inputs.packages, 'nginx'), (path) => path === 'usr/sbin/nginx', inputs.signal)).values());
  const settings = /^etc\/nginx\/(mime\.types|fastcgi_params|fastcgi\.conf|proxy_params|scgi_params|uwsgi_params)$/;
  addEntries(tree, (await readPackageFiles(packageNamed(inputs.packages, 'nginx-common'), (path) => settings.test(path), inputs.signal)).values());
  addEntries(tree, libraryClosure(tree, libraries, [loader]));
  addEntries(tree, [
    symlink(`${loaderFolder}/${loader}`, `/usr/lib/${triplet}/${loader}`),
    ...accounts('nginx:x:101:101:nginx:/nonexistent:/bin/false\n', 'nginx:x:101:\n'),
    file('etc/nginx/nginx.conf', nginxConfiguration), file('etc/nginx/conf.d/default.conf', nginxServer),
    file('usr/share/nginx/html/index.html', nginxWelcome),
    directory('var/lib/nginx', { uid: 101, gid: 101 }), directory('var/cache/nginx', { uid: 101, gid: 101 }),
    symlink('var/log/nginx/access.log', '/dev/stdout'), symlink('var/log/nginx/error.log', '/dev/stderr'),
  ]);
  const version = upstreamVersion(inputs.packages, 'nginx');
  return {
    names: tags('docker.io/library/nginx', [version, version.replace(/\.\d+$/, ''), 'stable', 'latest']), tree,
    config: { Cmd: ['nginx', '-g', 'daemon off;'], Env: [searchPath, `NGINX_VERSION=${version}`], ExposedPorts: { '80/tcp': {} }, StopSignal: 'SIGQUIT' },
  };
}

/** Answers HTTP on 8080 with the name of the pod that answered: shows where a Service sends a request. */
function echoImage(base: FileTree): ContainerImage {
  const tree = new Map(base);
  addEntries(tree, [file('usr/bin/echo-server', echoServer, 0o755), file('srv/cgi-bin/index.cgi', echoIndex, 0o755), file('srv/healthz', 'ok\n')]);
  return {
    names: tags('coracle.local/echo', ['latest']), tree,
    config: { Cmd: ['/usr/bin/echo-server'], Env: [searchPath], ExposedPorts: { '8080/tcp': {} } },
  };
}

async function busyboxTree(inputs: RecipeInputs): Promise<FileTree> {
  const deb = packageNamed(inputs.packages, 'busybox-static');
  const tree = await readPackageFiles(deb, (path) => path === 'usr/bin/busybox', inputs.signal);
  addEntries(tree, ['bin', 'sbin', 'lib', 'lib64'].map((name) => symlink(name, `usr/${name}`)));
  addEntries(tree, inputs.applets.filter((name) => name !== 'busybox').map((name) => symlink(`usr/bin/${name}`, 'busybox')));
  addEntries(tree, ['dev', 'etc', 'home', 'proc', 'sys', 'usr/sbin', 'usr/lib', 'usr/lib64', 'run', 'var/log'].map((path) => directory(path)));
  addEntries(tree, [directory('tmp', { mode: 0o1777 }), directory('var/tmp', { mode: 0o1777 }), directory('root', { mode: 0o700 }), symlink('var/run', '/run'), ...accounts('', '')]);
  return tree;
}

function accounts(users: string, groups: string): readonly TreeEntry[] {
  return [
    file('etc/passwd', `root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/:/bin/false\nwww-data:x:33:33:www-data:/var/www:/bin/false\n${users}nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n`),
    file('etc/group', `root:x:0:\ndaemon:x:1:\ntty:x:5:\nwww-data:x:33:\n${groups}nogroup:x:65534:\n`),
    file('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n'),
  ];
}

function treeOf(entries: readonly TreeEntry[]): FileTree {
  return new Map(entries.map((entry) => [entry.path, entry]));
}

function tags(repository: string, names: readonly string[]): readonly string[] {
  return names.map((name) => `${repository}:${name}`);
}

export function packageNamed(packages: readonly DebianPackage[], name: string): DebianPackage {
  const found = packages.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`Cannot build images: package "${name}" is not among the downloaded ones`);
  return found;
}

/** Debian's 1:1.37.0-6+b3 is upstream's 1.37.0. */
function upstreamVersion(packages: readonly DebianPackage[], name: string): string {
  return packageNamed(packages, name).version.replace(/^\d+:/, '').replace(/[-+~].*$/, '');
}

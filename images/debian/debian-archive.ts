import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Architecture } from '../architecture.ts';
import { runProgram } from '../run-program.ts';

export interface DebianArchiveOptions {
  readonly suite: string;
  readonly architecture: Architecture;
  readonly cacheDirectory: string;
  readonly signal?: AbortSignal;
  readonly progress?: (line: string) => void;
}

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly path: string;
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Downloads packages and everything they depend on with a private apt configuration: own sources, own lists, an empty package database.
 * The system's package state is neither read nor changed, and no root is needed.
 */
export async function downloadPackages(names: readonly string[], options: DebianArchiveOptions): Promise<readonly DebianPackage[]> {
  const apt = await preparePrivateApt(options);
  const plan = await planDownload(apt, names, options);
  options.progress?.(`downloading ${plan.length} packages of ${options.suite}`);
  await aptGet([...apt.options, 'install', '--download-only', '--yes', '-qq', ...names], options.signal);
  const present = new Set(await readdir(apt.archives));
  for (const { file } of plan) if (!present.has(file)) throw new Error(`Cannot find package file "${file}" after its download`);
  return plan.map(({ name, version, file }) => ({ name, version, path: join(apt.archives, file) }));
}

/** Two builds at once take turns; apt itself does not wait for these locks. */
const lockAttempts = 240;
const lockDelayMs = 500;

async function aptGet(args: readonly string[], signal?: AbortSignal): Promise<Buffer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runProgram('apt-get', args, { signal, env: { LC_ALL: 'C' } });
    } catch (cause) {
      if (attempt === lockAttempts || !/Could not get lock|Unable to lock/.test((cause as Error).message)) throw cause;
      await delay(lockDelayMs, undefined, { signal });
    }
  }
}

interface PrivateApt {
  readonly options: readonly string[];
  readonly archives: string;
}

async function preparePrivateApt(options: DebianArchiveOptions): Promise<PrivateApt> {
  const root = join(options.cacheDirectory, 'apt', `${options.suite}-${options.architecture}`);
  const archives = join(root, 'cache', 'archives');
  await mkdir(join(root, 'state', 'lists', 'partial'), { recursive: true });
  await mkdir(join(archives, 'partial'), { recursive: true });
  await writeFile(join(root, 'status'), '');
  await writeFile(join(root, 'sources.list'), `deb [signed-by=${keyring}] ${await systemMirror(options.signal)} ${options.suite} main\n`);
  const settings = {
    'Dir::State': join(root, 'state'), 'Dir::State::status': join(root, 'status'), 'Dir::Cache': join(root, 'cache'),
    'Dir::Etc::sourcelist': join(root, 'sources.list'), 'Dir::Etc::sourceparts': '/dev/null', 'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null', 'APT::Architecture': options.architecture, 'APT::Architectures': options.architecture,
    'APT::Install-Recommends': 'false', 'APT::Sandbox::User': '', 'APT::Get::Download-Only': 'true',
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  options.progress?.(`reading the package list of ${options.suite}`);
  await aptGet([...flags, 'update', '-qq'], options.signal);
  return { options: flags, archives };
}

async function planDownload(apt: PrivateApt, names: readonly string[], options: DebianArchiveOptions): Promise<readonly { name: string; version: string; file: string }[]> {
  // Asked with an empty archive folder, since apt prints no address for what is there already.
  const empty = join(apt.archives, '..', 'none');
  await mkdir(join(empty, 'partial'), { recursive: true });
  const args = [...apt.options, '-o', `Dir::Cache::archives=${empty}`, 'install', '--print-uris', '--yes', '-qq', ...names];
  return parsePrintedUris((await aptGet(args, options.signal)).toString());
}

/** Lines such as `'http://mirror/pool/n/nginx_1.2-3_amd64.deb' nginx_1.2-3_amd64.deb 611612 SHA256:…`, sorted by name. */
export function parsePrintedUris(text: string): readonly { name: string; version: string; file: string }[] {
  const packages = [...text.matchAll(/^'[^']+' (\S+\.deb) \d+/gm)].map(([, file = '']) => {
    const [name = '', version = ''] = decodeURIComponent(file).split('_');
    return { name, version, file };
  });
  return packages.sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** The Debian mirror that the system itself uses, so that a local or offline mirror serves us too. */
export async function systemMirror(signal?: AbortSignal): Promise<string> {
  await access(keyring).catch(() => { throw new Error(`Cannot build images: ${keyring} is missing; install debian-archive-keyring`); });
  const listing = await runProgram('apt-get', ['indextargets', '--format', '$(REPO_URI) $(ORIGIN) $(COMPONENT)'], { signal });
  return chooseMirror(listing.toString());
}

/** The first full Debian archive of the listing: not the security one, which carries updates alone. */
export function chooseMirror(listing: string): string {
  for (const line of listing.split('\n')) {
    const [uri = '', origin, component] = line.split(' ');
    if (origin === 'Debian' && component === 'main' && !uri.includes('security')) return uri;
  }
  throw new Error('Cannot find a Debian mirror: the apt sources of this system name none; add Debian\'s `main` component to them');
}

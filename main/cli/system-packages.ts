import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { defaultCacheDirectory } from '../../images/cache-directory.ts';
import { systemMirror } from '../../images/debian/debian-archive.ts';

/** One Debian package that some part of Coracle needs on the host (images/system-packages.json). */
interface SystemPackage {
  readonly name: string;
  /** `build`, `qemu`, `local`, `window` or `browser`: the part that needs it. */
  readonly for: string;
  /** Release → suite to take it from there instead, because the release's own version is too old. It is used where nothing else can be had. */
  readonly suite?: Readonly<Record<string, string>>;
  readonly why: string;
}

const list = new URL('../../images/system-packages.json', import.meta.url);
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Installs missing packages with apt-get as root; otherwise stops with the exact command to run. On other systems it only checks. */
export async function ensureSystemPackages(parts: readonly string[]): Promise<void> {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/dpkg-query') || parts.length === 0) return;
  const wanted = (JSON.parse(readFileSync(list, 'utf8')) as readonly SystemPackage[]).filter((entry) => parts.includes(entry.for));
  const installed = await installedPackages(wanted.map((entry) => entry.name));
  const missing = wanted.filter((entry) => !installed.has(entry.name));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) {
    console.error(`coracle: these system packages are missing: ${missing.map((entry) => `${entry.name} (${entry.why})`).join(', ')}; run\n  sudo ${installCommand(missing).join(' ')}`);
    process.exit(1);
  }
  console.error(`▸ Installing system packages: ${missing.map((entry) => entry.name).join(' ')}`);
  await run(['apt-get', 'update', '-qq']);
  const release = await releaseName();
  const bySuite = Map.groupBy(missing, (entry) => entry.suite?.[release]);
  for (const [suite, packages] of bySuite) {
    if (suite === undefined) await run(installCommand(packages));
    else await installFrom({ suite, release, packages });
  }
}

function installCommand(packages: readonly SystemPackage[], options: readonly string[] = []): readonly string[] {
  return ['apt-get', ...options, 'install', '-y', '--no-install-recommends', ...packages.map((entry) => entry.name)];
}

/** From a suite that the system's sources do not name, without adding it to them: own sources and lists for this one command. */
async function installFrom({ suite, release, packages }: { suite: string; release: string; packages: readonly SystemPackage[] }): Promise<void> {
  const directory = join(defaultCacheDirectory(), 'apt', `host-${suite}`);
  await mkdir(join(directory, 'lists', 'partial'), { recursive: true });
  const mirror = await systemMirror();
  const suites = [release, `${release}-updates`, suite];
  await writeFile(join(directory, 'sources.list'), suites.map((name) => `deb [signed-by=${keyring}] ${mirror} ${name} main\n`).join(''));
  const options = ['-o', `Dir::Etc::sourcelist=${join(directory, 'sources.list')}`, '-o', 'Dir::Etc::sourceparts=/dev/null', '-o', `Dir::State::lists=${join(directory, 'lists')}`, '-o', 'APT::Sandbox::User='];
  const updated = await attempt(['apt-get', ...options, 'update', '-qq']);
  const fromSuite = updated && (await attempt(installCommand(packages, [...options, '-t', suite])));
  if (!fromSuite) await run(installCommand(packages)); // The release's own version works too, slower.
}

async function releaseName(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^VERSION_CODENAME=(\w+)/mu.exec(text)?.[1] ?? '';
}

async function installedPackages(names: readonly string[]): Promise<ReadonlySet<string>> {
  const query = ['-W', '-f=${Package} ${db:Status-Abbrev}\n', ...names];
  const output = await promisify(execFile)('dpkg-query', query).then((result) => result.stdout, (error: { stdout?: string }) => error.stdout ?? '');
  return new Set(output.split('\n').filter((line) => line.includes(' ii')).map((line) => line.split(' ')[0] ?? ''));
}

async function run(command: readonly string[]): Promise<void> {
  if (await attempt(command)) return;
  console.error(`coracle: cannot install system packages with "${command.join(' ')}"; run it by hand and start again`);
  process.exit(1);
}

/** Its output goes to standard error, so that a failure explains itself. */
function attempt([program = '', ...args]: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });
}

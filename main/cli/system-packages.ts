import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** One Debian package that some part of Coracle needs on the host (images/system-packages.json). */
interface SystemPackage {
  readonly name: string;
  /** `build`, `qemu`, `local`, `window` or `browser`: the part that needs it. */
  readonly for: string;
  /** A suite other than the system's own, e.g. bookworm-backports, when the system's version is too old. */
  readonly suite?: string;
  readonly why: string;
}

const list = new URL('../../images/system-packages.json', import.meta.url);

/** Installs missing packages with apt-get as root; otherwise stops with the exact command to run. On other systems it only checks. */
export async function ensureSystemPackages(parts: readonly string[]): Promise<void> {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/dpkg-query') || parts.length === 0) return;
  const wanted = (JSON.parse(readFileSync(list, 'utf8')) as readonly SystemPackage[]).filter((entry) => parts.includes(entry.for));
  const installed = await installedPackages(wanted.map((entry) => entry.name));
  const missing = wanted.filter((entry) => !installed.has(entry.name));
  if (missing.length === 0) return;
  const command = ['apt-get', 'install', '-y', '--no-install-recommends', ...missing.map((entry) => entry.name)];
  if (process.getuid?.() !== 0) {
    console.error(`coracle: these system packages are missing: ${missing.map((entry) => `${entry.name} (${entry.why})`).join(', ')}; run\n  sudo ${command.join(' ')}`);
    process.exit(1);
  }
  console.error(`▸ Installing system packages: ${missing.map((entry) => entry.name).join(' ')}`);
  await run(['apt-get', 'update', '-qq']);
  await run(command);
}

async function installedPackages(names: readonly string[]): Promise<ReadonlySet<string>> {
  const query = ['-W', '-f=${Package} ${db:Status-Abbrev}\n', ...names];
  const output = await promisify(execFile)('dpkg-query', query).then((result) => result.stdout, (error: { stdout?: string }) => error.stdout ?? '');
  return new Set(output.split('\n').filter((line) => line.includes(' ii')).map((line) => line.split(' ')[0] ?? ''));
}

function run([program = '', ...args]: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    child.on('error', (error) => failed(program, error.message));
    child.on('exit', (code) => (code === 0 ? resolve() : failed([program, ...args].join(' '), `exit code ${code}`)));
  });
}

function failed(command: string, cause: string): never {
  console.error(`coracle: cannot install system packages with "${command}": ${cause}; run it by hand and start again`);
  process.exit(1);
}

import { execFile, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Accelerator, QemuHost } from './command-line.ts';
import { qemuProgram } from './command-line.ts';

const run = promisify(execFile);
/** With working virtualisation the kernel gives up its missing disk within a second, within a few on a busy host; one that needs longer is slower than none. */
const probeLimitMs = 8_000;

/** The version of the installed QEMU for this machine's processor, or why there is none. */
export async function installedQemu(): Promise<QemuHost['version'] | undefined> {
  const { stdout } = await run(qemuProgram(thisMachine()), ['--version']).catch(() => ({ stdout: '' }));
  const match = /version (\d+)\.(\d+)/.exec(stdout);
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined;
}

export function thisMachine(): Pick<QemuHost, 'platform' | 'architecture'> {
  return {
    platform: process.platform === 'darwin' || process.platform === 'win32' ? process.platform : 'linux',
    architecture: process.arch === 'arm64' ? 'arm64' : 'x64',
  };
}

/**
 * The fastest way to run VMs here, found out by booting the node's kernel until it misses its disk: an accelerator that opens may still fail or crawl.
 * The answer is kept in a file, together with what it depends on.
 */
export async function chooseAccelerator(options: { readonly version: QemuHost['version']; readonly kernel: string; readonly memoryFile: string; readonly signal: AbortSignal }): Promise<Accelerator> {
  const key = JSON.stringify({ version: options.version, system: `${process.platform} ${release()}`, processor: cpus()[0]?.model, kernel: options.kernel });
  const known = JSON.parse(await readFile(options.memoryFile, 'utf8').catch(() => '{}')) as { readonly key?: string; readonly accelerator?: Accelerator };
  if (known.key === key && known.accelerator) return known.accelerator;
  const candidate = accelerators[thisMachine().platform];
  const accelerator = await boots(candidate, options.kernel, options.signal) ? candidate : 'tcg';
  await mkdir(dirname(options.memoryFile), { recursive: true });
  await writeFile(options.memoryFile, JSON.stringify({ key, accelerator }));
  return accelerator;
}

const accelerators: Readonly<Record<QemuHost['platform'], Accelerator>> = { linux: 'kvm', darwin: 'hvf', win32: 'whpx' };

async function boots(accelerator: Accelerator, kernel: string, signal: AbortSignal): Promise<boolean> {
  const { architecture, platform } = thisMachine();
  const processor = accelerator === 'whpx' ? ['-accel', 'whpx,kernel-irqchip=off', '-cpu', 'Skylake-Client-v3'] : ['-accel', accelerator, '-cpu', 'host'];
  const console = architecture === 'x64' ? 'ttyS0' : 'ttyAMA0';
  const child = spawn(qemuProgram({ platform, architecture }), [
    '-M', architecture === 'x64' ? 'q35' : 'virt', ...processor, '-m', '256', '-display', 'none', '-nodefaults', '-no-user-config', '-no-reboot',
    '-kernel', kernel, '-append', `console=${console} panic=-1`, '-serial', 'stdio',
  ], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => { output = (output + chunk.toString()).slice(-8192); });
  const stop = (): void => { child.kill('SIGKILL'); };
  const timer = setTimeout(stop, probeLimitMs);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const code = await new Promise<number | null>((resolve) => { child.once('error', () => resolve(1)).once('close', resolve); });
    signal.throwIfAborted();
    return code === 0 && output.includes('Unable to mount root fs');
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { recordProcess } from '../process-record.ts';
import type { ProcessRecord } from '../process-record.ts';
import { SshConnection } from '../provision/ssh-connection.ts';
import type { MachineFiles } from './machine-files.ts';

/** An emulated processor on a busy host needs most of it; a real one a tenth. */
const bootLimitMs = 180_000;
const pollMs = 50;
/** On a host that does ten other things an emulated handshake takes its time. */
const handshakeLimitMs = 45_000;

/** A QEMU process and the one SSH connection to its VM. */
export class RunningMachine {
  readonly #child: ChildProcess;
  readonly #options: RunningMachineOptions;
  readonly record: ProcessRecord;
  #ssh: Promise<SshConnection> | undefined;

  private constructor(child: ChildProcess, record: ProcessRecord, options: RunningMachineOptions) {
    this.#child = child;
    this.record = record;
    this.#options = options;
  }

  static async spawn(command: { readonly program: string; readonly args: readonly string[] }, options: RunningMachineOptions): Promise<RunningMachine> {
    const log = await open(options.qemuLog, 'w', 0o600);
    try {
      const child = spawn(command.program, command.args, { stdio: ['ignore', log.fd, log.fd], detached: true });
      await new Promise<void>((resolve, reject) => { child.once('spawn', resolve).once('error', reject); });
      const record = await recordProcess(child.pid ?? -1);
      if (!record) throw new Error(`qemu ended at once: ${(await readFile(options.qemuLog, 'utf8')).trim()}`);
      return new RunningMachine(child, record, options);
    } finally {
      await log.close();
    }
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  onEnd(listener: (message: string) => void): void {
    const tell = (): void => { listener(`qemu ended with ${this.#child.signalCode ?? `code ${this.#child.exitCode}`}`); };
    if (this.ended) tell();
    else this.#child.once('exit', tell);
  }

  /** Resolves when the VM's init has started everything. Asking by SSH meanwhile would only take processor time from the boot. */
  async waitForBoot(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + bootLimitMs;
    for (;;) {
      const console = await readFile(this.#options.serialLog, 'utf8').catch(() => '');
      if (/^coracle: \S+ is up/m.test(console)) return;
      if (this.ended) throw new Error(await this.#failure(console));
      if (performance.now() > deadline) throw new Error(`the VM did not boot within ${bootLimitMs / 1000} s; its last words: ${lastLines(console)}`);
      await delay(pollMs, undefined, { signal });
    }
  }

  /** The shared connection; a lost one is opened anew, once for all who ask meanwhile. */
  ssh(signal: AbortSignal): Promise<SshConnection> {
    const earlier = this.#ssh;
    const connection = this.#reuseOrOpen(earlier, signal);
    this.#ssh = connection;
    return connection;
  }

  async #reuseOrOpen(earlier: Promise<SshConnection> | undefined, signal: AbortSignal): Promise<SshConnection> {
    // Whoever asked earlier was told why it failed; we try with our own limit.
    const current = await earlier?.catch(() => undefined);
    if (current && !current.closed) return current;
    if (this.ended) throw new Error('the VM has ended');
    const { sshPort, files } = this.#options;
    return SshConnection.open({ host: '127.0.0.1', port: sshPort, hostKey: files.hostKey.publicKey, privateKey: files.clientKey.openSshPrivateKey, signal, handshakeLimitMs });
  }

  /** Asks the VM to power off; resolves to whether it did within the limit. */
  async powerOff(limitMs: number, signal: AbortSignal): Promise<boolean> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    const gone = this.#exit();
    try {
      const ssh = await this.ssh(limit);
      // The connection dies with the VM: that is success and is seen by the process's end.
      await Promise.race([ssh.exec(['/usr/sbin/poweroff'], { signal: limit }).catch(() => undefined), gone]);
      await Promise.race([gone, new Promise((_, reject) => { limit.addEventListener('abort', () => reject(limit.reason as Error), { once: true }); })]);
    } catch {
      // Force follows.
    }
    return this.ended;
  }

  /** Ends QEMU: by SIGTERM, which lets it write out its disk, then by SIGKILL. */
  async kill(): Promise<void> {
    await (await this.#ssh?.catch(() => undefined))?.[Symbol.asyncDispose]();
    if (this.ended) return;
    const gone = this.#exit();
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3_000);
    await gone;
    clearTimeout(timer);
  }

  #exit(): Promise<void> {
    if (this.ended) return Promise.resolve();
    return new Promise((resolve) => { this.#child.once('exit', () => resolve()); });
  }

  async #failure(console: string): Promise<string> {
    const words = (await readFile(this.#options.qemuLog, 'utf8').catch(() => '')).trim();
    return `qemu ended with ${this.#child.signalCode ?? `code ${this.#child.exitCode}`}: ${words || lastLines(console)}`;
  }
}

export interface RunningMachineOptions {
  readonly files: MachineFiles;
  readonly sshPort: number;
  readonly serialLog: string;
  readonly qemuLog: string;
}

function lastLines(text: string): string {
  return text.trim().split(/\r?\n/).slice(-3).join(' | ') || 'none';
}

/** A port that is free now. QEMU binds it a moment later; should another program be quicker, QEMU ends and the start is tried again. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => { server.close(() => resolve()); });
  return port;
}

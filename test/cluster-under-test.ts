import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ClusterStatus } from '../main/bridge/contract.ts';
import { findKubectl } from '../main/cluster/find-kubectl.ts';
import { endLeftovers, leftoversOf } from './leftovers.ts';

const cli = fileURLToPath(new URL('../main/cli/main.ts', import.meta.url));

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
export interface RunOptions {
  readonly stdin?: string;
  readonly limitMs?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A program that goes on while the test does; everything it printed so far is in `output`. */
export interface RunningProgram extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly output: string;
  readonly exited: Promise<number>;
}

/** The product as its user runs it, in a data directory of its own, driven through its commands and a real kubectl. */
export class ClusterUnderTest implements AsyncDisposable {
  readonly directory: string;
  readonly apiPort: number;
  readonly uiPort: number;
  readonly #programs = new Set<RunningProgram>();

  private constructor({ directory, apiPort, uiPort }: { directory: string; apiPort: number; uiPort: number }) {
    this.directory = directory;
    this.apiPort = apiPort;
    this.uiPort = uiPort;
  }

  /** Makes the directory and picks ports; starts nothing. */
  static async create(): Promise<ClusterUnderTest> {
    const directory = await mkdtemp(join(tmpdir(), 'coracle-cut-'));
    return new ClusterUnderTest({ directory, apiPort: await unusedPort(), uiPort: await unusedPort() });
  }

  /** Made and up with `coracle up ARGS --detach`; when that fails, nothing is left and the daemon's log is in the error. */
  static async start(...args: readonly string[]): Promise<ClusterUnderTest> {
    const cluster = await ClusterUnderTest.create();
    try {
      await cluster.up(...args);
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]().catch((cause: unknown) => console.error(String(cause)));
      throw error;
    }
  }

  get kubeconfig(): string {
    return join(this.directory, 'kubeconfig');
  }

  async up(...args: readonly string[]): Promise<RunResult> {
    const result = await this.coracle(['up', ...args, '--api-port', String(this.apiPort), '--ui-port', String(this.uiPort), '--detach', '--no-open'], { limitMs: 600_000 });
    if (result.code !== 0) throw new Error(`coracle up ${args.join(' ')} failed:\n${result.stderr}\n${await this.daemonLog()}`);
    return result;
  }

  async stop(): Promise<void> {
    const result = await this.coracle(['stop'], { limitMs: 150_000 });
    if (result.code !== 0) throw new Error(`coracle stop failed:\n${result.stderr}\n${await this.daemonLog()}`);
  }

  /** `coracle COMMAND … --data-dir <this one>`. */
  coracle([command = 'help', ...args]: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return run([process.execPath, '--disable-warning=ExperimentalWarning', cli, command, '--data-dir', this.directory, ...args], { limitMs: 60_000, ...options });
  }

  async status(): Promise<ClusterStatus> {
    return JSON.parse((await this.coracle(['status', '--output', 'json'])).stdout) as ClusterStatus;
  }

  /** kubectl as a user types it: words separated by spaces, or already apart. */
  tryKubectl(command: string | readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return run([requireKubectl(), ...words(command)], { limitMs: 60_000, ...options, environment: { ...this.#environment(), ...options.environment } });
  }

  /** Its standard output; throws when it fails. */
  async kubectl(command: string | readonly string[], options: RunOptions = {}): Promise<string> {
    const result = await this.tryKubectl(command, options);
    if (result.code !== 0) throw new Error(`kubectl ${words(command).join(' ')} exited with ${result.code}:\n${result.stderr}${result.stdout}`);
    return result.stdout;
  }

  async json<T>(command: string): Promise<T> {
    return JSON.parse(await this.kubectl(`${command} -o json`)) as T;
  }

  apply(manifest: object | readonly object[], ...args: readonly string[]): Promise<string> {
    const items = Array.isArray(manifest) ? (manifest as object[]) : [manifest];
    return this.kubectl(['apply', '-f', '-', ...args], { stdin: items.map((item) => JSON.stringify(item)).join('\n---\n') });
  }

  /** A kubectl that goes on: logs -f, port-forward, get --watch. */
  startKubectl(command: string | readonly string[]): RunningProgram {
    const program = startProgram([requireKubectl(), ...words(command)], this.#environment());
    this.#programs.add(program);
    return program;
  }

  /** Power off for the control plane: no signal handler runs. */
  async killDaemon(): Promise<void> {
    const { daemonPid } = await this.status();
    process.kill(daemonPid, 'SIGKILL');
    await until('the daemon is gone', () => !existsSync(`/proc/${daemonPid}/stat`) || undefined, 10_000);
  }

  async daemonLog(): Promise<string> {
    const text = await readFile(join(this.directory, 'logs', 'daemon.log'), 'utf8').catch(() => '');
    return `the end of daemon.log:\n${text.trimEnd().split('\n').slice(-30).join('\n')}`;
  }

  /** Stops the cluster and deletes it. Throws when a process, mount, network namespace or control group of it remains (and ends those). */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#programs].map((program) => program[Symbol.asyncDispose]()));
    const failure = await this.stop().then(() => undefined, (error: unknown) => error);
    const remaining = await leftoversOf(this.directory);
    if (remaining.length > 0) await endLeftovers(this.directory);
    if (failure === undefined && remaining.length === 0) await this.coracle(['reset', '--yes']);
    await rm(this.directory, { recursive: true, force: true }).catch(() => {});
    if (failure !== undefined) throw failure;
    if (remaining.length > 0) throw new Error(`after coracle stop there remain:\n  ${remaining.join('\n  ')}`);
  }

  #environment(): Record<string, string> {
    return { KUBECONFIG: this.kubeconfig, KUBECACHEDIR: join(this.directory, 'kubectl-cache'), HOME: this.directory, KUBE_EDITOR: 'true' };
  }
}

/** Asks again and again until the answer is neither undefined nor false; an error counts as "not yet" and is told at the end. */
export async function until<T>(what: string, probe: () => T | undefined | false | Promise<T | undefined | false>, limitMs = 30_000): Promise<T> {
  const deadline = performance.now() + limitMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`within ${limitMs / 1000} s it did not come true that ${what}`, { cause: last });
    await wait(50);
  }
}

/** Runs to its end; killed at the limit, which is then in stderr. */
export async function run(command: readonly string[], { stdin, limitMs = 60_000, environment }: RunOptions = {}): Promise<RunResult> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...environment } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => {}); // It may end without reading; its exit code tells.
  child.stdin.end(stdin ?? '');
  const limit = setTimeout(() => {
    stderr += `\nkilled: it did not end within ${limitMs / 1000} s`;
    child.kill('SIGKILL');
  }, limitMs);
  try {
    return await new Promise<RunResult>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code: code ?? 137, stdout, stderr }));
    });
  } finally {
    clearTimeout(limit);
  }
}

function startProgram([file = '', ...args]: readonly string[], environment: Readonly<Record<string, string>>): RunningProgram {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...environment } });
  let output = '';
  const collect = (text: string) => (output += text);
  child.stdout.setEncoding('utf8').on('data', collect);
  child.stderr.setEncoding('utf8').on('data', collect);
  child.stdin.on('error', () => {});
  const exited = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 137)));
  return {
    child,
    get output() {
      return output;
    },
    exited,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}

function words(command: string | readonly string[]): readonly string[] {
  return typeof command === 'string' ? command.split(' ').filter((word) => word !== '') : command;
}

function requireKubectl(): string {
  const kubectl = findKubectl();
  if (kubectl === undefined) throw new Error('these tests need kubectl: run `npm run build`');
  return kubectl;
}

export async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { NodeConnection } from '../driver.ts';
import { readLine } from './line.ts';

/** What a node's program may print before it is cut off: exec serves our own short commands, not users. */
const outputLimitBytes = 16 << 20;
const nodePath = '/opt/coracle/runtime/bin:/opt/coracle/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Into a local node: programs by entering its namespaces, streams by its forwarder. */
export class LocalConnection implements NodeConnection {
  readonly #initPid: number;
  readonly #nodeSocket: string;
  readonly #closed = new AbortController();

  constructor(options: { readonly initPid: number; readonly nodeSocket: string }) {
    this.#initPid = options.initPid;
    this.#nodeSocket = options.nodeSocket;
  }

  async exec(command: readonly string[], options: { readonly signal?: AbortSignal; readonly stdin?: Uint8Array } = {}): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    const signal = AbortSignal.any([this.#closed.signal, ...(options.signal ? [options.signal] : [])]);
    signal.throwIfAborted();
    const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--root', '--wd'];
    const child = spawn('nsenter', ['--target', String(this.#initPid), ...namespaces, '--', ...command], { env: { PATH: nodePath, HOME: '/root' }, signal, killSignal: 'SIGKILL' });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    // The program may end without reading its input.
    child.stdin.on('error', () => undefined).end(options.stdin);
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status) => resolve(status ?? 137));
    });
    return { code, stdout: stdout(), stderr: stderr() };
  }

  async upload(options: { readonly source: Uint8Array | string; readonly path: string; readonly mode: number; readonly signal?: AbortSignal }): Promise<void> {
    const script = 'mkdir -p "$(dirname "$1")" && umask 077 && cat > "$1.new" && chmod "$2" "$1.new" && mv -f "$1.new" "$1"';
    const { code, stderr } = await this.exec(['sh', '-c', script, 'upload', options.path, options.mode.toString(8)], { stdin: Buffer.from(options.source), signal: options.signal });
    if (code !== 0) throw new Error(`Cannot write "${options.path}" on the node: ${stderr.trim() || `code ${code}`}`);
  }

  async forward(target: { readonly host: string; readonly port: number; readonly signal?: AbortSignal }): Promise<Duplex> {
    this.#closed.signal.throwIfAborted();
    const socket = connect({ path: this.#nodeSocket, allowHalfOpen: true });
    const abort = (): void => { socket.destroy(target.signal?.reason as Error | undefined); };
    target.signal?.addEventListener('abort', abort, { once: true });
    try {
      target.signal?.throwIfAborted();
      socket.write(`${JSON.stringify({ host: target.host, port: target.port })}\n`);
      const answer = await readLine(socket);
      if (answer !== 'ok') throw new Error(answer);
      return socket;
    } catch (cause) {
      socket.destroy();
      throw new Error(`Cannot connect to ${target.host}:${target.port} on the node: ${(cause as Error).message}`, { cause });
    } finally {
      target.signal?.removeEventListener('abort', abort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new Error('the connection to the node is closed'));
  }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= outputLimitBytes) chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString();
}

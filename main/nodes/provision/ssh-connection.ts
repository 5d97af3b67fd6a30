import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import type { NodeConnection } from '../driver.ts';

export interface SshOptions {
  readonly host: string;
  readonly port: number;
  /** `ssh-ed25519 AAAA…`; a server with another key is refused. */
  readonly hostKey: string;
  readonly privateKey: string;
  readonly signal: AbortSignal;
  readonly handshakeLimitMs: number;
}

const outputLimitBytes = 16 << 20;
/** A node that does not answer this often in a row is gone. */
const keepalive = { intervalMs: 10_000, count: 9 };

/** One SSH connection to a node, shared by all streams to it. */
export class SshConnection implements NodeConnection {
  readonly #client: Client;
  #closed: Error | undefined;

  private constructor(client: Client) {
    this.#client = client;
    client.on('close', () => { this.#closed ??= new Error('the SSH connection to the node was lost'); });
    // Already told by the failing call or by `close`; without a listener it would end the process.
    client.on('error', (error) => { this.#closed ??= error; });
  }

  static async open(options: SshOptions): Promise<SshConnection> {
    // Loaded with the first machine: a cluster without any does without its megabytes.
    const ssh = await import('ssh2');
    options.signal.throwIfAborted();
    const client = new ssh.Client();
    const expected = Buffer.from(options.hostKey.split(' ')[1] ?? '', 'base64');
    const connection = new SshConnection(client);
    const abort = (): void => { client.destroy(); };
    options.signal.addEventListener('abort', abort, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        client.once('ready', resolve).once('error', reject).once('close', () => reject(new Error('the connection was closed during the handshake')));
        client.connect({
          host: options.host, port: options.port, username: 'root', privateKey: options.privateKey, readyTimeout: options.handshakeLimitMs,
          hostVerifier: (key: Buffer) => key.equals(expected), keepaliveInterval: keepalive.intervalMs, keepaliveCountMax: keepalive.count,
          // Cheap for an emulated processor, and what dropbear offers.
          algorithms: { kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org'], serverHostKey: ['ssh-ed25519'], cipher: ['chacha20-poly1305@openssh.com', 'aes128-ctr'] },
        });
      });
      return connection;
    } catch (cause) {
      client.destroy();
      options.signal.throwIfAborted();
      throw new Error(`Cannot open an SSH connection to ${options.host}:${options.port}: ${(cause as Error).message}`, { cause });
    } finally {
      options.signal.removeEventListener('abort', abort);
    }
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  async exec(command: readonly string[], options: { readonly signal?: AbortSignal; readonly stdin?: Uint8Array } = {}): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    const start = (done: ChannelCallback<ClientChannel>): void => { this.#client.exec(command.map(quote).join(' '), done); };
    const { channel, ended } = await this.#open(start, followed, options.signal);
    const abort = (): void => { channel.destroy(); };
    options.signal?.addEventListener('abort', abort, { once: true });
    try {
      channel.end(options.stdin ?? Buffer.alloc(0));
      const { code, stdout, stderr } = await ended;
      options.signal?.throwIfAborted();
      if (code === undefined) throw this.#closed ?? new Error(`the node did not say how "${command[0]}" ended`);
      return { code, stdout, stderr };
    } finally {
      options.signal?.removeEventListener('abort', abort);
    }
  }

  /** By `cat` and not by SFTP: the node's SSH server then needs no further program, and the file appears at once or not at all. */
  async upload(options: { readonly source: Uint8Array | string; readonly path: string; readonly mode: number; readonly signal?: AbortSignal }): Promise<void> {
    const script = 'mkdir -p "$(dirname "$1")" && umask 077 && cat > "$1.new" && chmod "$2" "$1.new" && mv -f "$1.new" "$1"';
    const { code, stderr } = await this.exec(['sh', '-c', script, 'upload', options.path, options.mode.toString(8)], { stdin: Buffer.from(options.source), signal: options.signal });
    if (code !== 0) throw new Error(`Cannot write "${options.path}" on the node: ${stderr.trim() || `code ${code}`}`);
  }

  async forward(target: { readonly host: string; readonly port: number; readonly signal?: AbortSignal }): Promise<Duplex> {
    try {
      const start = (done: ChannelCallback<ClientChannel>): void => { this.#client.forwardOut('127.0.0.1', 0, target.host, target.port, done); };
      return await this.#open(start, (channel) => channel, target.signal);
    } catch (cause) {
      throw new Error(`Cannot connect to ${target.host}:${target.port} on the node: ${(cause as Error).message}`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    const closed = new Promise<void>((resolve) => { this.#client.once('close', () => resolve()); });
    this.#client.end();
    this.#client.destroy();
    await closed;
  }

  /**
   * What `use` makes of the channel, or the reason why there is none; a channel that comes after the caller has given up is closed. `use` is called in the
   * very turn that the channel opens: a short command's end can be in the same packet.
   */
  #open<T extends Duplex, R>(request: (done: ChannelCallback<T>) => void, use: (channel: T) => R, signal?: AbortSignal): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      if (this.#closed) return reject(this.#closed);
      const lost = (): void => reject(this.#closed ?? new Error('the SSH connection to the node was lost'));
      const abort = (): void => reject(signal?.reason as Error);
      if (signal?.aborted) return abort();
      signal?.addEventListener('abort', abort, { once: true });
      this.#client.once('close', lost);
      request((error, channel) => {
        signal?.removeEventListener('abort', abort);
        this.#client.off('close', lost);
        if (error) reject(error);
        else if (signal?.aborted) channel.destroy();
        else resolve(use(channel));
      });
    });
  }
}

type ChannelCallback<T> = (error: Error | undefined, channel: T) => void;

interface CommandEnd {
  /** undefined: the channel closed without it. 137: killed by a signal. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

function followed(channel: ClientChannel): { readonly channel: ClientChannel; readonly ended: Promise<CommandEnd> } {
  const stdout = collect(channel);
  const stderr = collect(channel.stderr);
  let code: number | undefined;
  channel.on('exit', (status: number | null) => { code = status ?? 137; });
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    channel.on('error', reject).on('close', () => resolve({ code, stdout: stdout(), stderr: stderr() }));
  });
  // The caller waits for it later.
  ended.catch(() => {});
  return { channel, ended };
}

function quote(argument: string): string {
  return `'${argument.replaceAll("'", `'\\''`)}'`;
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

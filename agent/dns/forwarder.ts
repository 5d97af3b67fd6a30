import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Clock } from '../../kube/apimachinery/clock.ts';

/** Clients ask again after about five seconds; answer before that, even with a failure. */
const attemptMs = 1_500;
/** Without a network every question would wait: after one that nobody answered, the next ones fail at once for this long. */
const silentMs = 5_000;
/** A flood of questions for names outside must not open sockets without end. */
const maxOpen = 256;

/** Asks the node's own name servers; one socket for each question, so that answers cannot be mixed up or guessed. */
export class Forwarder {
  readonly #servers: readonly string[];
  readonly #clock: Clock;
  #open = 0;
  #silentUntilMs = 0;

  constructor({ servers, clock }: { readonly servers: readonly string[]; readonly clock: Clock }) {
    this.#servers = servers;
    this.#clock = clock;
  }

  /** The raw answer of the first server that answers; undefined when none does. */
  async ask(query: Buffer, { tcp }: { readonly tcp: boolean }): Promise<Buffer | undefined> {
    if (this.#open >= maxOpen || this.#clock.monotonicMs() < this.#silentUntilMs) return undefined;
    this.#open += 1;
    try {
      for (const server of this.#servers) {
        const answer = await (tcp ? askTcp(server, query) : askUdp(server, query)).catch(() => undefined);
        if (answer !== undefined) return answer;
      }
      this.#silentUntilMs = this.#clock.monotonicMs() + silentMs;
      return undefined;
    } finally {
      this.#open -= 1;
    }
  }
}

function askUdp(server: string, query: Buffer): Promise<Buffer> {
  const socket = createSocket('udp4');
  return new Promise<Buffer>((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`${server} did not answer`)), attemptMs);
    socket.once('close', () => clearTimeout(limit));
    socket.once('error', reject);
    socket.on('message', (answer) => {
      if (answer.length >= 12 && answer.readUInt16BE(0) === query.readUInt16BE(0)) resolve(answer);
    });
    socket.connect(53, server, () => socket.send(query));
  }).finally(() => socket.close());
}

function askTcp(server: string, query: Buffer): Promise<Buffer> {
  const socket = connect({ host: server, port: 53, timeout: attemptMs });
  return new Promise<Buffer>((resolve, reject) => {
    let received = Buffer.alloc(0);
    socket.once('error', reject);
    socket.once('timeout', () => reject(new Error(`${server} did not answer`)));
    socket.once('close', () => reject(new Error(`${server} closed the connection`)));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) resolve(received.subarray(2, 2 + received.readUInt16BE(0)));
    });
    socket.once('connect', () => socket.write(Buffer.concat([lengthPrefix(query.length), query])));
  }).finally(() => socket.destroy());
}

export function lengthPrefix(length: number): Buffer {
  const prefix = Buffer.alloc(2);
  prefix.writeUInt16BE(length);
  return prefix;
}

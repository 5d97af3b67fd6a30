import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket as UdpSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import { services as serviceResource } from '../../kube/api/generated/core/v1.ts';
import type { Service } from '../../kube/api/generated/core/v1.ts';
import { endpointslices } from '../../kube/api/generated/discovery/v1.ts';
import type { EndpointSlice } from '../../kube/api/generated/discovery/v1.ts';
import type { Informer, InformerFactory } from '../../kube/client/informer.ts';
import { answerQuery, joinAlias, truncateForUdp } from './answer-query.ts';
import { Forwarder, lengthPrefix } from './forwarder.ts';
import { Zone } from './zone.ts';

export interface DnsServerOptions {
  readonly informers: InformerFactory;
  readonly domain: string;
  /** 10.96.0.10, an address of this node's own (see assign-dns-address.ts). */
  readonly address: string;
  readonly port: number;
  /** The node's own name servers, for everything outside the cluster. */
  readonly upstream: readonly string[];
  readonly clock: Clock;
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

const maxTcpConnections = 128;
const tcpIdleMs = 10_000;

/** Cluster DNS on this node, UDP and TCP. The zone is rebuilt at the first question after a change. */
export class DnsServer implements AsyncDisposable {
  readonly #options: DnsServerOptions;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #forwarder: Forwarder;
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #connections = new Set<Socket>();
  #zone: Zone | undefined;

  constructor(options: DnsServerOptions) {
    this.#options = options;
    this.#services = options.informers.informer(serviceResource);
    this.#slices = options.informers.informer(endpointslices);
    for (const informer of [this.#services, this.#slices]) informer.onEvent(() => (this.#zone = undefined));
    this.#forwarder = new Forwarder({ servers: options.upstream, clock: options.clock });
    this.#udp = createSocket({ type: 'udp4', reuseAddr: true });
    this.#tcp = createServer((socket) => this.#serve(socket));
    this.#tcp.maxConnections = maxTcpConnections;
  }

  async start(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#services.waitForSync(signal), this.#slices.waitForSync(signal)]);
    const { address, port, log } = this.#options;
    this.#udp.on('message', (query, from) => {
      this.#answerUdp(query, from).catch((error: unknown) => log('cannot answer a DNS query', { error: String(error) }));
    });
    await new Promise<void>((resolve, reject) => {
      this.#udp.once('error', reject);
      this.#udp.bind(port, address, () => (this.#udp.off('error', reject), resolve()));
    });
    this.#udp.on('error', (error) => log('DNS socket failed', { error: error.message }));
    await new Promise<void>((resolve, reject) => {
      this.#tcp.once('error', reject);
      this.#tcp.listen(port, address, () => (this.#tcp.off('error', reject), resolve()));
    });
    this.#tcp.on('error', (error) => log('DNS listener failed', { error: error.message }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    if (this.#tcp.listening) await new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
    await new Promise<void>((resolve) => {
      try {
        this.#udp.close(() => resolve());
      } catch {
        resolve(); // It never opened.
      }
    });
  }

  async #answerUdp(query: Buffer, from: RemoteInfo): Promise<void> {
    const answer = await this.#answer(query, { tcp: false });
    if (answer !== undefined) this.#udp.send(truncateForUdp(query, answer), from.port, from.address);
  }

  #serve(socket: Socket): void {
    this.#connections.add(socket);
    let received: Buffer = Buffer.alloc(0);
    socket.setTimeout(tcpIdleMs, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#connections.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const length = received.readUInt16BE(0);
        const query = received.subarray(2, 2 + length);
        received = received.subarray(2 + length);
        this.#answer(query, { tcp: true }).then((answer) => answer === undefined ? socket.destroy() : socket.write(Buffer.concat([lengthPrefix(answer.length), answer])), () => socket.destroy());
      }
    });
  }

  async #answer(query: Buffer, { tcp }: { readonly tcp: boolean }): Promise<Buffer | undefined> {
    const outcome = answerQuery(query, this.#currentZone());
    switch (outcome.type) {
      case 'ignore':
        return undefined;
      case 'answer':
        return outcome.packet;
      case 'forward': {
        const answer = await this.#forwarder.ask(outcome.query, { tcp });
        if (answer === undefined) return outcome.failure;
        return outcome.prefix.length === 0 ? answer : joinAlias({ original: query, answer, prefix: outcome.prefix });
      }
    }
  }

  #currentZone(): Zone {
    this.#zone ??= new Zone({ domain: this.#options.domain, services: this.#services.lister.list(), slices: this.#slices.lister.list() });
    return this.#zone;
  }
}

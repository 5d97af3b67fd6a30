import { chmod, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** Longest frame QEMU sends (64 KiB of segmentation offload and headers); a longer one means that the stream is out of step. */
const frameLimitBytes = 70_000;
/** What may wait for one slow machine; beyond it frames are dropped, as a real switch does, and TCP slows down. */
const portQueueBytes = 4 << 20;
/** Addresses remembered at once; pods are routed and bridged behind their node, so a cluster has few. */
const addressLimit = 4096;
const headerBytes = 4;

export type SwitchAddress = { readonly path: string } | { readonly host: string; readonly port: number };

export interface SwitchStatistics {
  readonly ports: number;
  readonly frames: number;
  readonly dropped: number;
}

interface Port {
  readonly socket: Socket;
  pending: Buffer;
  /** Frames of one turn leave in one system call. */
  corked: boolean;
}

/**
 * The cluster network: an Ethernet switch for QEMU's `-netdev stream`. Every connection is a port; a frame goes to the port where its destination was last
 * seen as a source, or to all others when it is unknown, broadcast or multicast. On the wire each frame follows its length in four bytes, big-endian.
 */
export class LearningSwitch implements AsyncDisposable {
  readonly #server: Server;
  readonly #ports = new Set<Port>();
  readonly #addresses = new Map<number, Port>();
  readonly #address: SwitchAddress;
  #frames = 0;
  #dropped = 0;

  private constructor(server: Server, address: SwitchAddress) {
    this.#server = server;
    this.#address = address;
  }

  /** A unix socket (0600) where there are such; else a loopback port. */
  static async start(listen: { readonly path: string } | { readonly host: '127.0.0.1'; readonly port: number }): Promise<LearningSwitch> {
    const server = createServer();
    if ('path' in listen) await rm(listen.path, { force: true });
    await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(listen, resolve); });
    if ('path' in listen) await chmod(listen.path, 0o600);
    const address = 'path' in listen ? listen : { host: listen.host, port: (server.address() as AddressInfo).port };
    const started = new LearningSwitch(server, address);
    server.on('connection', (socket) => started.#accept(socket));
    return started;
  }

  get address(): SwitchAddress {
    return this.#address;
  }

  statistics(): SwitchStatistics {
    return { ports: this.#ports.size, frames: this.#frames, dropped: this.#dropped };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => { this.#server.close(() => resolve()); });
    for (const { socket } of this.#ports) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    const port: Port = { socket, pending: Buffer.alloc(0), corked: false };
    this.#ports.add(port);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(port, chunk));
    // A machine that goes away ends its connection in any way it likes; the port is gone in every case.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#remove(port));
  }

  #remove(port: Port): void {
    this.#ports.delete(port);
    for (const [address, owner] of this.#addresses) if (owner === port) this.#addresses.delete(address);
  }

  #receive(port: Port, chunk: Buffer): void {
    let data = port.pending.length > 0 ? Buffer.concat([port.pending, chunk]) : chunk;
    while (data.length >= headerBytes) {
      const length = data.readUInt32BE(0);
      if (length > frameLimitBytes) {
        port.socket.destroy();
        return;
      }
      if (data.length < headerBytes + length) break;
      if (length >= 14) this.#forward(port, data.subarray(0, headerBytes + length));
      data = data.subarray(headerBytes + length);
    }
    port.pending = data;
  }

  /** The frame still carries its length, so it can be passed on as it is. */
  #forward(from: Port, frame: Buffer): void {
    this.#frames++;
    const destination = frame.readUIntBE(headerBytes, 6);
    const source = frame.readUIntBE(headerBytes + 6, 6);
    if (!isGroupAddress(frame, headerBytes + 6)) this.#learn(source, from);
    const known = isGroupAddress(frame, headerBytes) ? undefined : this.#addresses.get(destination);
    if (known) {
      if (known !== from) this.#send(known, frame);
      return;
    }
    for (const port of this.#ports) if (port !== from) this.#send(port, frame);
  }

  #learn(address: number, port: Port): void {
    if (this.#addresses.get(address) === port) return;
    if (this.#addresses.size >= addressLimit) this.#addresses.clear();
    this.#addresses.set(address, port);
  }

  #send(port: Port, frame: Buffer): void {
    if (port.socket.destroyed || port.socket.writableLength + frame.length > portQueueBytes) {
      this.#dropped++;
      return;
    }
    if (!port.corked) {
      port.corked = true;
      port.socket.cork();
      process.nextTick(() => {
        port.corked = false;
        port.socket.uncork();
      });
    }
    port.socket.write(frame);
  }
}

/** Broadcast and multicast addresses have the lowest bit of their first byte set. */
function isGroupAddress(frame: Buffer, at: number): boolean {
  return ((frame[at] ?? 0) & 1) === 1;
}

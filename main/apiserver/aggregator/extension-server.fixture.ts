import { once } from 'node:events';
import { createServer } from 'node:https';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { NodeDialer } from '../api-server.ts';
import type { TestCertificates } from '../testing-certificates.ts';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Common name of the client certificate, when the front proxy's authority signed it. */
  readonly client: string | undefined;
}

type Answer = (request: SeenRequest, response: ServerResponse) => void;

/** A small API server of a group version, as somebody else's would run in a pod: discovery, one resource, a watch, an echoing upgrade. */
export class ExtensionServer implements AsyncDisposable {
  readonly seen: SeenRequest[] = [];
  readonly dialed: string[] = [];
  /** By path without the query; the first that matches its beginning answers. */
  readonly answers = new Map<string, Answer>();
  readonly #server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
  }

  static async start(certificates: TestCertificates, dnsName: string): Promise<ExtensionServer> {
    const material = await certificates.issueServer(dnsName);
    const server = createServer({ cert: material.certificate, key: material.key, ca: certificates.frontProxy.ca, requestCert: true, rejectUnauthorized: false });
    const extension = new ExtensionServer(server);
    server.on('request', (request, response) => {
      const socket = request.socket as TLSSocket;
      const seen = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, client: socket.authorized ? String(socket.getPeerCertificate().subject.CN) : undefined };
      extension.seen.push(seen);
      const path = seen.url.split('?', 1)[0] ?? '';
      const answer = extension.answers.get(path);
      if (answer) answer(seen, response);
      else response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n');
    });
    server.on('upgrade', (request, socket: Duplex) => {
      extension.seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, client: undefined });
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return extension;
  }

  /** Every node leads here. */
  get dialer(): NodeDialer {
    return {
      dialNode: async (nodeName, { host, port }) => {
        this.dialed.push(`${nodeName} ${host}:${port}`);
        const socket = connect((this.#server.address() as AddressInfo).port, '127.0.0.1');
        await once(socket, 'connect');
        return socket;
      },
    };
  }

  json(path: string, body: unknown, headers: Record<string, string> = {}): void {
    this.answers.set(path, (_request, response) => void response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

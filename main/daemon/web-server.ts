import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { serveBridge } from '../bridge/bridge-server.ts';
import type { ClientMessage, ServerMessage } from '../bridge/messages.ts';
import { readIfExists, writeFileAtomic } from '../cluster/atomic-file.ts';
import type { DataDirectory } from '../cluster/data-directory.ts';
import type { Log } from '../cluster/log.ts';
import type { Handlers } from './handlers.ts';
import { serveStatic } from './static-files.ts';
import { webSocketChannel } from './web-socket-channel.ts';

export interface WebServer extends AsyncDisposable {
  /** With the token: opening it once is logging in. */
  readonly url: string;
}

const defaultPort = 7170;
const cookieName = 'coracle_session';
/** The window sends keystrokes, manifests and requests; nothing near this size. */
const maxMessageBytes = 16 * 1024 * 1024;

/**
 * The window in a browser, on loopback only. The random token in the opened URL becomes an HttpOnly, SameSite=Strict cookie; Host
 * and Origin are checked against DNS rebinding and other sites. Takes the next free port when the wanted one is taken.
 */
export async function startWebServer({ handlers, directory, log, port }: { handlers: Handlers; directory: DataDirectory; log: Log; port?: number }): Promise<WebServer> {
  const token = await sessionToken(join(directory.root, 'window-token'));
  const server = createServer({ requestTimeout: 30_000 });
  const bound = await listen(server, port ?? defaultPort);
  const guard = new Guard({ token, port: bound });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes });
  server.on('request', (request, response) => {
    handle({ request, response, guard }).catch((error: unknown) => {
      log.error('window request failed', { error: String(error) });
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    if (!guard.trusts(request) || !guard.sameOrigin(request) || !request.url?.startsWith('/bridge')) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => void serveBridge(webSocketChannel<ServerMessage, ClientMessage>(client), handlers));
  });
  return {
    url: `http://127.0.0.1:${bound}/?token=${token}`,
    async [Symbol.asyncDispose]() {
      for (const client of sockets.clients) client.terminate();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle({ request, response, guard }: { request: IncomingMessage; response: ServerResponse; guard: Guard }): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (!guard.localHost(request)) return refuse(response, 421, 'this server answers on 127.0.0.1 and localhost only');
  const offered = url.searchParams.get('token');
  if (offered !== null) {
    if (!guard.matches(offered)) return refuse(response, 403, 'this link is from another cluster or an older one; `coracle status` prints the current link');
    response.writeHead(303, { location: '/', 'set-cookie': `${cookieName}=${offered}; HttpOnly; SameSite=Strict; Path=/`, 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
    response.end();
    return;
  }
  if (!guard.trusts(request)) return refuse(response, 403, 'open the link that `coracle status` prints');
  await serveStatic(url.pathname, request, response);
}

function refuse(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  response.end(`Coracle: ${text}\n`);
}

class Guard {
  readonly #token: Buffer;
  readonly #hosts: ReadonlySet<string>;

  constructor({ token, port }: { token: string; port: number }) {
    this.#token = Buffer.from(token);
    this.#hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
  }

  localHost(request: IncomingMessage): boolean {
    return this.#hosts.has(request.headers.host ?? '');
  }

  sameOrigin(request: IncomingMessage): boolean {
    const origin = request.headers.origin ?? '';
    return origin.startsWith('http://') && this.#hosts.has(origin.slice('http://'.length));
  }

  matches(token: string): boolean {
    const offered = Buffer.from(token);
    return offered.length === this.#token.length && timingSafeEqual(offered, this.#token);
  }

  trusts(request: IncomingMessage): boolean {
    if (!this.localHost(request)) return false;
    const cookies = (request.headers.cookie ?? '').split(';').map((part) => part.trim());
    return cookies.some((cookie) => cookie.startsWith(`${cookieName}=`) && this.matches(cookie.slice(cookieName.length + 1)));
  }
}

/** Kept over restarts, so that an open page reconnects by itself. */
async function sessionToken(path: string): Promise<string> {
  const existing = await readIfExists(path);
  if (existing !== undefined && /^[0-9a-f]{48}$/u.test(existing)) return existing;
  const token = randomBytes(24).toString('hex');
  await writeFileAtomic(path, token);
  return token;
}

async function listen(server: Server, wanted: number): Promise<number> {
  for (let port = wanted; ; port = port >= wanted + 20 ? 0 : port + 1) {
    const outcome = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once('error', resolve);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', resolve);
        resolve(undefined);
      });
    });
    const address = server.address();
    if (outcome === undefined && typeof address === 'object' && address !== null) return address.port;
    if (outcome !== undefined && (outcome.code !== 'EADDRINUSE' || port === 0)) throw outcome;
  }
}

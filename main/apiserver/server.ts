import { DEFAULT_CIPHERS, createServer as createTlsServer } from 'node:tls';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ApiRequest, ApiResponse } from './endpoints/request.ts';
import { certificateAuthorities, clientCertificateOf, type CertificateReader } from './serving/client-certificate.ts';
import { createHttp1 } from './serving/http1.ts';
import { createHttp2 } from './serving/http2.ts';
import { type ServingLimits, servingLimits, TCP_KEEP_ALIVE_MS } from './serving/limits.ts';
import { LiveRequests } from './serving/live-requests.ts';

export interface ServerHandler {
  /** Never rejects for a bad request: it answers. */
  handle(request: ApiRequest): Promise<ApiResponse>;
  /** An HTTP/1.1 upgrade (exec, attach, port-forward, proxy). Owns the socket afterwards. */
  upgrade(request: ApiRequest, socket: Duplex, head: Buffer): Promise<void>;
}
export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly tls: TlsMaterial;
  /** A client and this server could not agree on TLS. */
  readonly onHandshakeError?: () => void;
  /** Others than {@link servingLimits}, for tests. */
  readonly limits?: Partial<ServingLimits>;
}
/** All PEM. */
export interface TlsMaterial {
  readonly certificate: string;
  readonly key: string;
  /** Who signs client certificates. */
  readonly clientCA: string;
  /** Who signs the certificates of proxies that speak for users. */
  readonly frontProxyCA?: string;
}
export interface Listener extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** New connections use the new certificate; open ones keep theirs. */
  replaceCertificate(tls: TlsMaterial): void;
}

/** Node's own, with the shorter key first, as Go has it: as safe, and a quarter less work on long lists for both sides. */
const CIPHERS = ['TLS_AES_128_GCM_SHA256', ...DEFAULT_CIPHERS.split(':').filter((name) => name !== 'TLS_AES_128_GCM_SHA256')].join(':');
/** For the last bytes of the last answers. */
const LAST_WRITES_MS = 1_000;

/** One TLS port for HTTP/2 and HTTP/1.1, told apart by ALPN; client certificates are asked for, not demanded. */
export async function listen(handler: ServerHandler, options: ListenOptions): Promise<Listener> {
  const limits: ServingLimits = { ...servingLimits, ...options.limits };
  const live = new LiveRequests();
  const sockets = new Set<Socket>();
  let authorities = certificateAuthorities(options.tls);
  const readCertificate: CertificateReader = (socket) => clientCertificateOf(socket, authorities);
  const http1 = createHttp1(handler, live, { limits, readCertificate });
  const http2 = createHttp2(handler, live, { limits, readCertificate });
  const tls = createTlsServer({
    ...secureContext(options.tls), requestCert: true, rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'], minVersion: 'TLSv1.2', ciphers: CIPHERS,
    handshakeTimeout: limits.readHeaderMs, keepAlive: true, keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
  });
  tls.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  tls.on('secureConnection', (socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    (socket.alpnProtocol === 'h2' ? http2.server : http1).emit('connection', socket);
  });
  tls.on('tlsClientError', (_error, socket) => {
    options.onHandshakeError?.();
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    tls.once('error', reject);
    tls.listen(options.port, options.host, () => {
      tls.off('error', reject);
      // Failing to accept one connection (too many open files) must not end the process.
      tls.on('error', () => {});
      resolve();
    });
  });
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => tls.close(() => resolve()));
    const finished = live.shutdown(new Error('the API server is shutting down'), limits.shutdownMs);
    http2.closeSessions();
    http1.close();
    await finished;
    http1.closeIdleConnections();
    const timer = setTimeout(() => sockets.forEach((socket) => socket.destroy()), LAST_WRITES_MS);
    await closed;
    clearTimeout(timer);
  };
  return {
    host: options.host,
    port: (tls.address() as AddressInfo).port,
    replaceCertificate(material) {
      authorities = certificateAuthorities(material);
      tls.setSecureContext(secureContext(material));
    },
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}

function secureContext({ certificate, key, clientCA, frontProxyCA }: TlsMaterial): { cert: string; key: string; ca: string[] } {
  return { cert: certificate, key, ca: frontProxyCA === undefined ? [clientCA] : [clientCA, frontProxyCA] };
}

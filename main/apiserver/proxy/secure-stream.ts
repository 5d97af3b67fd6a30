import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { checkServerIdentity } from './server-identity.ts';

export interface SecureStreamOptions {
  /** The name that the certificate must be for; an address is compared with its addresses. */
  readonly host: string;
  /** PEM; absent: what the system trusts. */
  readonly ca?: string;
  /** Take any certificate. */
  readonly insecure?: boolean;
  /** What we show when asked. */
  readonly client?: { readonly certificate: string; readonly key: string };
}

/** OpenSSL's codes in Go's words. */
const CERTIFICATE_PROBLEMS: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'x509: certificate signed by unknown authority', SELF_SIGNED_CERT_IN_CHAIN: 'x509: certificate signed by unknown authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'x509: certificate signed by unknown authority', UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'x509: certificate signed by unknown authority',
  CERT_HAS_EXPIRED: 'x509: certificate has expired or is not yet valid',
};

/** TLS, for HTTP/1.1, over an open stream, which is closed with it. Rejects with the signal's reason or the error of the handshake. */
export function secureStream(raw: Duplex, { host, ca, insecure = false, client }: SecureStreamOptions, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      socket: raw, host, rejectUnauthorized: !insecure, checkServerIdentity, ALPNProtocols: ['http/1.1'],
      ...(isIP(host) === 0 ? { servername: host } : {}), ...(ca === undefined ? {} : { ca }),
      ...(client ? { cert: client.certificate, key: client.key } : {}),
    });
    const stop = (): void => fail(signal.reason as Error);
    const fail = (error: Error): void => {
      signal.removeEventListener('abort', stop);
      socket.destroy();
      raw.destroy();
      reject(error);
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', stop);
      socket.off('error', fail);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => raw.destroy());
      resolve(socket);
    });
  });
}

/** How a proxy begins to tell that it reached nothing. */
export const UNREACHABLE = 'error trying to reach service: ';

/** Why a connection failed, in the words of Go's client. */
export function connectionProblem(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'context deadline exceeded';
  const problem = CERTIFICATE_PROBLEMS[codeOf(error)];
  if (problem) return `tls: failed to verify certificate: ${problem}`;
  const text = error instanceof Error ? error.message : String(error);
  if (text.startsWith('x509: ')) return `tls: failed to verify certificate: ${text}`;
  return text.startsWith(UNREACHABLE) ? text.slice(UNREACHABLE.length) : text;
}

/** Why an address could not be dialed, in the words of Go's dialer. */
export function dialProblem({ host, port }: { readonly host: string; readonly port: number }, error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const certificate = CERTIFICATE_PROBLEMS[codeOf(error)] ?? (text.startsWith('x509: ') ? text : undefined);
  if (certificate) return `tls: failed to verify certificate: ${certificate}`;
  const address = isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
  if (codeOf(error) === 'ENOTFOUND') return `dial tcp: lookup ${host}: no such host`;
  if (/refused/i.test(text)) return `dial tcp ${address}: connect: connection refused`;
  if (codeOf(error) === 'ETIMEDOUT') return `dial tcp ${address}: i/o timeout`;
  if (codeOf(error) === 'EHOSTUNREACH') return `dial tcp ${address}: connect: no route to host`;
  return `dial tcp ${address}: ${text}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';

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
  CERT_HAS_EXPIRED: 'x509: certificate has expired or is not yet valid', ERR_TLS_CERT_ALTNAME_INVALID: 'x509: certificate is not valid for the requested name',
};

/** TLS, for HTTP/1.1, over an open stream, which is closed with it. Rejects with the signal's reason or the error of the handshake. */
export function secureStream(raw: Duplex, { host, ca, insecure = false, client }: SecureStreamOptions, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      socket: raw, host, rejectUnauthorized: !insecure, ALPNProtocols: ['http/1.1'],
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

/** Why a connection failed, in the words of Go's client. */
export function connectionProblem(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'context deadline exceeded';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const problem = CERTIFICATE_PROBLEMS[code];
  if (problem) return `tls: failed to verify certificate: ${problem}`;
  return error instanceof Error ? error.message : String(error);
}

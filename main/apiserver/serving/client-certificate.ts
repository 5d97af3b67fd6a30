import type { TLSSocket } from 'node:tls';
import type { ClientCertificate } from '../endpoints/request.ts';

/** The verified certificate of the peer; undefined without one, or when our CA did not sign it. */
export function clientCertificateOf(socket: TLSSocket): ClientCertificate | undefined {
  if (!socket.authorized) return undefined;
  const certificate = socket.getPeerCertificate();
  if (!certificate?.subject) return undefined;
  const { CN, O } = certificate.subject as { CN?: string | string[]; O?: string | string[] };
  return {
    commonName: listOf(CN).at(-1) ?? '',
    organizations: listOf(O),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

function listOf(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

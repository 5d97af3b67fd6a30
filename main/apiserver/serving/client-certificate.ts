import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { ClientCertificate } from '../endpoints/request.ts';

/** The verified certificate of a connection's client. */
export type CertificateReader = (socket: TLSSocket) => ClientCertificate | undefined;

/** Fingerprints of the certificates that may stand at the end of a client's chain. */
export interface CertificateAuthorities {
  readonly client: ReadonlySet<string>;
  readonly frontProxy: ReadonlySet<string>;
}

export function certificateAuthorities({ clientCA, frontProxyCA = '' }: { readonly clientCA: string; readonly frontProxyCA?: string }): CertificateAuthorities {
  return { client: fingerprints(clientCA), frontProxy: fingerprints(frontProxyCA) };
}

/** The verified certificate of the peer; undefined without one, or when none of our authorities signed it. One that both signed belongs to a user. */
export function clientCertificateOf(socket: TLSSocket, { client, frontProxy }: CertificateAuthorities): ClientCertificate | undefined {
  if (!socket.authorized) return undefined;
  const certificate = socket.getPeerCertificate(true);
  if (!certificate?.subject) return undefined;
  const { CN, O } = certificate.subject as { CN?: string | string[]; O?: string | string[] };
  const chain = issuersOf(certificate);
  const isFrontProxy = chain.some((issuer) => frontProxy.has(issuer)) && !chain.some((issuer) => client.has(issuer));
  return {
    authority: isFrontProxy ? 'front-proxy' : 'client',
    commonName: listOf(CN).at(-1) ?? '',
    organizations: listOf(O),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    notAfterMs: Date.parse(certificate.valid_to),
  };
}

/** Fingerprints of the certificate and of all above it. */
function issuersOf(certificate: DetailedPeerCertificate): readonly string[] {
  const chain = new Set<string>();
  for (let current: DetailedPeerCertificate | undefined = certificate; current?.fingerprint256 && !chain.has(current.fingerprint256); current = current.issuerCertificate) chain.add(current.fingerprint256);
  return [...chain];
}

function fingerprints(pems: string): ReadonlySet<string> {
  const found = pems.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  return new Set(found.map((pem) => new X509Certificate(pem).fingerprint256));
}

function listOf(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

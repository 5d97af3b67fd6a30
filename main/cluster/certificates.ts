import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A certificate with its private key, both PEM (key: PKCS #8). */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface LeafRequest {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly usage: 'client' | 'server' | 'both';
  readonly dnsNames?: readonly string[];
  readonly addresses?: readonly string[];
  readonly validDays: number;
}

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;
/** Clocks of freshly woken machines run behind; upstream backdates by five minutes too. */
const backdateMs = 5 * 60_000;

x509.cryptoProvider.set(webcrypto as never); // Node types name the same object differently.

/** A self-signed certificate authority. */
export async function createAuthority({ commonName, validDays, now }: { commonName: string; validDays: number; now: number }): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    notBefore: new Date(now - backdateMs),
    notAfter: new Date(now + validDays * dayMs),
    signingAlgorithm: ecdsa,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) };
}

/** A certificate signed by `authority` for a fresh key. */
export async function issueCertificate(authority: KeyPair, request: LeafRequest, now: number): Promise<KeyPair> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const names = [
    ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(request.addresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];
  const usages = [
    ...(request.usage === 'server' ? [] : [x509.ExtendedKeyUsage.clientAuth]),
    ...(request.usage === 'client' ? [] : [x509.ExtendedKeyUsage.serverAuth]),
  ];
  const organizations = request.organizations ?? [];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [...(organizations.length > 0 ? [{ O: [...organizations] }] : []), { CN: [request.commonName] }],
    issuer: issuer.subjectName.toJSON(),
    notBefore: new Date(now - backdateMs),
    notAfter: new Date(Math.min(now + request.validDays * dayMs, issuer.notAfter.getTime())),
    signingAlgorithm: ecdsa,
    signingKey: await importKey(authority.key),
    publicKey: keys.publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension(usages),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) };
}

/** When the certificate ends, in milliseconds since the epoch; undefined when the PEM cannot be read. */
export function expiryOf(certificatePem: string): number | undefined {
  try {
    return new x509.X509Certificate(certificatePem).notAfter.getTime();
  } catch {
    return undefined; // A truncated file counts as expired: the caller issues a new one.
  }
}

/** Subject alternative names as written in the certificate, e.g. `['kubernetes', '10.96.0.1']`. */
export function alternativeNamesOf(certificatePem: string): readonly string[] {
  const extension = new x509.X509Certificate(certificatePem).getExtension(x509.SubjectAlternativeNameExtension);
  return extension?.names.items.map((item) => item.value) ?? [];
}

/** An RSA key for service-account tokens (RS256, as upstream), PEM. */
export async function createServiceAccountKey(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const publicKey = await webcrypto.subtle.exportKey('spki', keys.publicKey);
  return { privateKey: await exportKey(keys.privateKey), publicKey: `${x509.PemConverter.encode(publicKey, 'PUBLIC KEY')}\n` };
}

function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0] ?? 0) & 0x7f; // A serial number is positive.
  return Buffer.from(bytes).toString('hex');
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), ecdsa, false, ['sign']);
}

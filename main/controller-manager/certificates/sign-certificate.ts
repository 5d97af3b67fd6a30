import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { alternativeNames, type CertificateRequest } from './certificate-request.ts';

/** Upstream's cluster-signing-duration, and how far it backdates. */
const MAX_VALIDITY_MS = 365 * 24 * 3600 * 1000;
const BACKDATE_MS = 5 * 60_000;

const KEY_USAGES: Readonly<Record<string, number>> = {
  signing: KeyUsageFlags.digitalSignature,
  'digital signature': KeyUsageFlags.digitalSignature,
  'content commitment': KeyUsageFlags.nonRepudiation,
  'key encipherment': KeyUsageFlags.keyEncipherment,
  'key agreement': KeyUsageFlags.keyAgreement,
  'data encipherment': KeyUsageFlags.dataEncipherment,
};
const EXTENDED_USAGES: Readonly<Record<string, string>> = {
  'client auth': ExtendedKeyUsage.clientAuth,
  'server auth': ExtendedKeyUsage.serverAuth,
  'code signing': ExtendedKeyUsage.codeSigning,
  'email protection': ExtendedKeyUsage.emailProtection,
};

export interface CertificateSigner {
  readonly authority: X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

/** Reads the authority's certificate and PKCS #8 or SEC 1 key (EC P-256/P-384 or RSA). */
export async function loadSigner({ certificate, privateKey }: { readonly certificate: string; readonly privateKey: string }): Promise<CertificateSigner> {
  const authority = new X509Certificate(certificate);
  const algorithm = authority.publicKey.algorithm;
  const [der] = PemConverter.decode(privateKey);
  if (der === undefined) throw new Error('Cannot load the signing key: it is not PEM');
  const usage = algorithm.name.startsWith('RSA') ? { ...algorithm, name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } : algorithm;
  const key = await webcrypto.subtle.importKey('pkcs8', der, usage as webcrypto.AlgorithmIdentifier, false, ['sign']);
  return { authority, key };
}

/** Signs what the request asks for, with the usages that were approved. Returns PEM. */
export async function signCertificate(
  signer: CertificateSigner,
  options: {
    readonly request: CertificateRequest;
    readonly usages: readonly string[];
    readonly expirationSeconds?: number;
    readonly serialNumber: Uint8Array;
    readonly nowMs: number;
  },
): Promise<string> {
  const { request, usages, expirationSeconds, serialNumber, nowMs } = options;
  const validityMs = Math.min(MAX_VALIDITY_MS, expirationSeconds === undefined ? MAX_VALIDITY_MS : expirationSeconds * 1000);
  const notAfterMs = Math.min(nowMs + validityMs, signer.authority.notAfter.getTime());
  const flags = usages.reduce((sum, usage) => sum | (KEY_USAGES[usage] ?? 0), 0);
  const extended = usages.flatMap((usage) => EXTENDED_USAGES[usage] ?? []);
  const alternatives = alternativeNames(request.parsed);
  const extensions: Extension[] = [new KeyUsagesExtension(flags, true), new BasicConstraintsExtension(false, undefined, true)];
  if (extended.length > 0) extensions.push(new ExtendedKeyUsageExtension(extended));
  extensions.push(await AuthorityKeyIdentifierExtension.create(signer.authority.publicKey));
  if (alternatives) extensions.push(alternatives);
  const serial = Buffer.from(serialNumber);
  serial[0] = (serial[0] ?? 0) & 0x7f;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial.toString('hex'),
    subject: request.parsed.subject,
    issuer: signer.authority.subject,
    notBefore: new Date(nowMs - BACKDATE_MS),
    notAfter: new Date(notAfterMs),
    publicKey: request.parsed.publicKey,
    signingKey: signer.key,
    signingAlgorithm: signer.key.algorithm.name === 'ECDSA' ? { name: 'ECDSA', hash: 'SHA-256' } : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    extensions,
  });
  return `${certificate.toString('pem')}\n`;
}

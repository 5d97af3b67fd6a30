import 'reflect-metadata';
import { X509Certificate, createPrivateKey, webcrypto } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from '@peculiar/x509';

/** PEM texts of a private key and its certificate. */
export interface KeyPair { readonly key: string; readonly cert: string }

export interface CertificateSubject {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A new P-256 key and a certificate request for it. */
export async function newCertificateRequest(subject: CertificateSubject): Promise<{ readonly key: string; readonly request: string }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const names = [
    ...(subject.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(subject.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [...subject.organizations.map((name) => ({ O: [name] })), { CN: [subject.commonName] }],
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : [],
  }, webcrypto);
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' });
  return { key: String(key), request: request.toString('pem') };
}

export async function readKeyPair(path: string): Promise<KeyPair | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  const key = text?.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+?-----END [A-Z ]*PRIVATE KEY-----\n?/)?.[0];
  const cert = text?.match(/-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\n?/)?.[0];
  return key === undefined || cert === undefined ? undefined : { key, cert };
}

/** One file for both, replaced as a whole and readable by root alone. */
export async function writeKeyPair(path: string, pair: KeyPair): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.new`, `${pair.cert.trimEnd()}\n${pair.key.trimEnd()}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Why a stored pair cannot be used (again); undefined when it can. */
export function unusable(pair: KeyPair, expected: { readonly ca: string; readonly subject: CertificateSubject; readonly nowMs: number }): string | undefined {
  const cert = new X509Certificate(pair.cert);
  if (Date.parse(cert.validTo) <= expected.nowMs) return 'it has expired';
  if (!cert.verify(new X509Certificate(expected.ca).publicKey)) return 'another authority signed it';
  if (!cert.subject.split('\n').includes(`CN=${expected.subject.commonName}`)) return 'it is for another node';
  if (!cert.checkPrivateKey(createPrivateKey(pair.key))) return 'its key does not fit';
  if ((expected.subject.ipAddresses ?? []).some((ip) => cert.checkIP(ip) === undefined)) return 'it is for another address';
  return undefined;
}

/** Between 70 % and 90 % of its life a certificate is replaced (upstream: certificate manager). */
export function rotationTimeMs(cert: string, fraction: number): number {
  const { validFrom, validTo } = new X509Certificate(cert);
  const from = Date.parse(validFrom);
  return from + (Date.parse(validTo) - from) * (0.7 + 0.2 * fraction);
}

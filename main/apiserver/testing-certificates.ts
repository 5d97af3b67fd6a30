import 'reflect-metadata';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** Keys of a test server: made anew for each run, valid for a day. The product's own are made by main/cluster. */
export interface TestCertificates {
  readonly ca: string;
  readonly server: { readonly certificate: string; readonly key: string };
  /** CN admin in system:masters. */
  readonly admin: { readonly certificate: string; readonly key: string };
  readonly serviceAccountKey: string;
  /** A client certificate for any user. */
  issueClient(commonName: string, organizations: readonly string[]): Promise<{ readonly certificate: string; readonly key: string }>;
}

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

export async function createTestCertificates(now: number): Promise<TestCertificates> {
  x509.cryptoProvider.set(webcrypto as never); // Node types name the same object differently.
  const validity = { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + DAY_MS) };
  const caKeys = await webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity, serialNumber: '01', name: 'CN=kubernetes', signingAlgorithm: ECDSA, keys: caKeys,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true)],
  });
  let serial = 1;
  const issue = async (subject: x509.JsonName, extensions: x509.Extension[]) => {
    const keys = await webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity, serialNumber: (++serial).toString(16).padStart(2, '0'), subject, issuer: ca.subject, signingAlgorithm: ECDSA,
      signingKey: caKeys.privateKey, publicKey: keys.publicKey, extensions,
    });
    return { certificate: certificate.toString('pem'), key: pem(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)) };
  };
  const issueClient = (commonName: string, organizations: readonly string[]) =>
    issue([...organizations.map((organization) => ({ O: [organization] })), { CN: [commonName] }], [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])]);
  const names = new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }, { type: 'ip', value: '127.0.0.1' }]);
  return {
    ca: ca.toString('pem'),
    server: await issue([{ CN: ['kube-apiserver'] }], [names, new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth])]),
    admin: await issueClient('admin', ['system:masters']),
    serviceAccountKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    issueClient,
  };
}

function pem(pkcs8: ArrayBuffer): string {
  const lines = Buffer.from(pkcs8).toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

import 'reflect-metadata';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export interface TestKeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** Keys of a test server: made anew for each run, valid for a day. The product's own are made by main/cluster. */
export interface TestCertificates {
  readonly ca: string;
  readonly server: TestKeyPair;
  /** CN admin in system:masters. */
  readonly admin: TestKeyPair;
  readonly serviceAccountKey: string;
  /** A second authority, whose clients may speak for others. */
  readonly frontProxy: { readonly ca: string; readonly client: TestKeyPair; issueClient(commonName: string): Promise<TestKeyPair> };
  /** A client certificate for any user. */
  issueClient(commonName: string, organizations: readonly string[]): Promise<TestKeyPair>;
  /** A server certificate for a name such as `ext.default.svc`. */
  issueServer(dnsName: string): Promise<TestKeyPair>;
}

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

export async function createTestCertificates(now: number): Promise<TestCertificates> {
  x509.cryptoProvider.set(webcrypto as never); // Node types name the same object differently.
  const [cluster, proxy] = await Promise.all([createAuthority('kubernetes', now), createAuthority('front-proxy-ca', now)]);
  const server = (commonName: string, names: x509.JsonGeneralNames): Promise<TestKeyPair> =>
    cluster.issue([{ CN: [commonName] }], [new x509.SubjectAlternativeNameExtension(names), new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth])]);
  const client = ({ issue }: Authority, commonName: string, organizations: readonly string[]): Promise<TestKeyPair> =>
    issue([...organizations.map((organization) => ({ O: [organization] })), { CN: [commonName] }], [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])]);
  return {
    ca: cluster.ca,
    server: await server('kube-apiserver', [{ type: 'dns', value: 'localhost' }, { type: 'ip', value: '127.0.0.1' }]),
    admin: await client(cluster, 'admin', ['system:masters']),
    serviceAccountKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    frontProxy: { ca: proxy.ca, client: await client(proxy, 'front-proxy-client', []), issueClient: (commonName) => client(proxy, commonName, []) },
    issueClient: (commonName, organizations) => client(cluster, commonName, organizations),
    issueServer: (dnsName) => server(dnsName, [{ type: 'dns', value: dnsName }]),
  };
}

interface Authority {
  readonly ca: string;
  issue(subject: x509.JsonName, extensions: x509.Extension[]): Promise<TestKeyPair>;
}

async function createAuthority(commonName: string, now: number): Promise<Authority> {
  const validity = { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + DAY_MS) };
  const caKeys = await webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity, serialNumber: '01', name: `CN=${commonName}`, signingAlgorithm: ECDSA, keys: caKeys,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true)],
  });
  let serial = 1;
  return {
    ca: ca.toString('pem'),
    async issue(subject, extensions) {
      const keys = await webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
      const certificate = await x509.X509CertificateGenerator.create({
        ...validity, serialNumber: (++serial).toString(16).padStart(2, '0'), subject, issuer: ca.subject, signingAlgorithm: ECDSA,
        signingKey: caKeys.privateKey, publicKey: keys.publicKey, extensions,
      });
      return { certificate: certificate.toString('pem'), key: pem(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)) };
    },
  };
}

function pem(pkcs8: ArrayBuffer): string {
  const lines = Buffer.from(pkcs8).toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

import { createPrivateKey, webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import 'reflect-metadata';
import { BasicConstraintsExtension, Pkcs10CertificateRequestGenerator, X509CertificateGenerator } from '@peculiar/x509';
import { expect, test } from 'vitest';
import { certificatesigningrequests } from '../../kube/api/generated/certificates/v1.ts';
import { RestClient } from '../../kube/client/rest-client.ts';
import { startSimulatedCluster } from './simulated-cluster.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

async function newSigner() {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const now = Date.now();
  const ca = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01', name: 'CN=kubernetes', keys, signingAlgorithm: ALGORITHM, notBefore: new Date(now - 60_000), notAfter: new Date(now + 3_600_000), extensions: [new BasicConstraintsExtension(true)],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' }).toString();
  return { certificate: ca.toString('pem'), privateKey };
}

test('a joining kubelet gets its client certificate', async () => {
  const signer = await newSigner();
  await using cluster = await startSimulatedCluster({ signer });
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({ name: 'O=system:nodes, CN=system:node:w1', keys, signingAlgorithm: ALGORITHM });
  const bootstrap = { name: 'system:bootstrap:abcdef', groups: ['system:bootstrappers', 'system:authenticated', 'system:masters'] };
  const client = new RestClient({ transport: cluster.api.apiServer.transport(bootstrap), userAgent: 'kubelet' });
  await client.create(certificatesigningrequests, {
    apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name: 'w1' },
    spec: { request: Buffer.from(request.toString('pem')).toString('base64'), signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usages: ['digital signature', 'client auth'] },
  });
  const certificate = await cluster.until('it is signed', async () => (await client.get(certificatesigningrequests, { name: 'w1' })).status?.certificate);
  const parsed = new NodeCertificate(Buffer.from(certificate, 'base64'));
  expect(parsed.verify(new NodeCertificate(signer.certificate).publicKey)).toBe(true);
  expect(parsed.subject).toBe('O=system:nodes\nCN=system:node:w1');
});

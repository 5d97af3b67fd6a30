import 'reflect-metadata';
import { createPrivateKey, webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import { BasicConstraintsExtension, Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { expect, test } from 'vitest';
import type { CertificateSigningRequest } from '../../../kube/api/generated/certificates/v1.ts';
import type { Node } from '../../../kube/api/generated/core/v1.ts';
import { mayHaveKubeletClient, mayHaveKubeletServing, parseCertificateRequest } from './certificate-request.ts';
import { loadSigner, signCertificate } from './sign-certificate.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const NOW = Date.UTC(2026, 0, 1);

async function newRequest(subject: string, names: readonly { readonly type: 'dns' | 'ip'; readonly value: string }[] = []): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const extensions = names.length > 0 ? [new SubjectAlternativeNameExtension([...names])] : [];
  const request = await Pkcs10CertificateRequestGenerator.create({ name: subject, keys, signingAlgorithm: ALGORITHM, extensions });
  return Buffer.from(request.toString('pem')).toString('base64');
}

function csr(request: string, spec: Partial<CertificateSigningRequest['spec']>): CertificateSigningRequest {
  return { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name: 'c' }, spec: { request, signerName: '', usages: ['digital signature', 'client auth'], ...spec } };
}

test('a bootstrapping kubelet may have a client certificate, others may not', async () => {
  const request = await newRequest('O=system:nodes, CN=system:node:w1');
  const bootstrap = csr(request, { groups: ['system:bootstrappers'], username: 'system:bootstrap:abc' });
  expect(mayHaveKubeletClient(bootstrap, parseCertificateRequest(bootstrap))).toBe(true);
  const itself = csr(request, { groups: ['system:nodes'], username: 'system:node:w1' });
  expect(mayHaveKubeletClient(itself, parseCertificateRequest(itself))).toBe(true);
  const neighbour = csr(request, { groups: ['system:nodes'], username: 'system:node:w2' });
  expect(mayHaveKubeletClient(neighbour, parseCertificateRequest(neighbour))).toBe(false);
  const admin = csr(await newRequest('O=system:masters, CN=me'), { groups: ['system:bootstrappers'] });
  expect(mayHaveKubeletClient(admin, parseCertificateRequest(admin))).toBe(false);
});

test('a serving certificate carries only the names of its node', async () => {
  const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'w1' }, spec: {}, status: { addresses: [{ type: 'InternalIP', address: '10.89.0.11' }] } };
  const usages = ['digital signature', 'server auth'];
  const allowed = async (names: Parameters<typeof newRequest>[1]): Promise<boolean> => {
    const request = csr(await newRequest('O=system:nodes, CN=system:node:w1', names), { usages, username: 'system:node:w1' });
    return mayHaveKubeletServing(request, { request: parseCertificateRequest(request), node });
  };
  expect(await allowed([{ type: 'dns', value: 'w1' }, { type: 'ip', value: '10.89.0.11' }])).toBe(true);
  expect(await allowed([{ type: 'dns', value: 'kubernetes.default' }])).toBe(false);
  expect(await allowed([{ type: 'ip', value: '10.89.0.12' }])).toBe(false);
  expect(await allowed([])).toBe(false);
});

test('a signed certificate verifies against the authority and keeps names and usages', async () => {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const ca = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01', name: 'CN=kubernetes', keys, signingAlgorithm: ALGORITHM, notBefore: new Date(NOW - 1000), notAfter: new Date(NOW + 1e11), extensions: [new BasicConstraintsExtension(true)],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' }).toString();
  const signer = await loadSigner({ certificate: ca.toString('pem'), privateKey });
  const request = parseCertificateRequest(csr(await newRequest('O=system:nodes, CN=system:node:w1', [{ type: 'dns', value: 'w1' }]), {}));
  const pem = await signCertificate(signer, { request, usages: ['digital signature', 'server auth'], expirationSeconds: 3600, serialNumber: new Uint8Array([255, 1]), nowMs: NOW });
  const certificate = new NodeCertificate(pem);
  expect(certificate.verify(new NodeCertificate(ca.toString('pem')).publicKey)).toBe(true);
  expect(certificate.subjectAltName).toBe('DNS:w1');
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(new Date(certificate.validTo).getTime()).toBe(NOW + 3_600_000);
});

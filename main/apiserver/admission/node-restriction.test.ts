import 'reflect-metadata';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { expect, test } from 'vitest';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import type { AdmissionAttributes } from './admission.ts';
import { nodeRestriction } from './node-restriction.ts';

const stored: Readonly<Record<string, object>> = {
  'nodes/n1': { metadata: { name: 'n1', uid: 'node-uid' } },
  'pods/own': { metadata: { name: 'own', uid: 'own-uid' }, spec: { nodeName: 'n1' } },
  'pods/foreign': { metadata: { name: 'foreign', uid: 'foreign-uid' }, spec: { nodeName: 'n2' } },
};
const reader = { get: ({ resource }: { resource: string }, { name }: { name: string }) => Promise.resolve(stored[`${resource}/${name}`]) } as unknown as ObjectReader;

const asked = (attributes: object): AdmissionAttributes =>
  ({ user: { name: 'system:node:n1', groups: ['system:nodes'] }, group: '', operation: 'CREATE', subresource: '', namespace: 'default', name: '', ...attributes }) as unknown as AdmissionAttributes;
const mirror = (owner: object): object => ({
  resource: 'pods',
  object: {
    metadata: { name: 'm', annotations: { 'kubernetes.io/config.mirror': 'x' }, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'node-uid', controller: true, ...owner }] },
    spec: { nodeName: 'n1' },
  },
});
const token = (ref: object): object => ({ resource: 'serviceaccounts', subresource: 'token', name: 'default', object: { spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', ...ref } } } });
const requests: Record<string, string> = {};
for (const node of ['n1', 'n2']) {
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({ name: `CN=system:node:${node}, O=system:nodes`, keys, signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' } });
  requests[node] = Buffer.from(request.toString('pem')).toString('base64');
}
const csr = (request: string | undefined, signerName = 'kubernetes.io/kubelet-serving'): object => ({ group: 'certificates.k8s.io', resource: 'certificatesigningrequests', object: { metadata: {}, spec: { request, signerName } } });
const slices = { group: 'resource.k8s.io', resource: 'resourceslices' };

test.each([
  { name: 'a mirror pod of its own', attributes: mirror({}), refusal: undefined },
  { name: 'a mirror pod that its node does not control', attributes: mirror({ controller: false }), refusal: 'can only create pods with a controller owner reference set to itself' },
  { name: 'a mirror pod that holds up the end of its node', attributes: mirror({ blockOwnerDeletion: true }), refusal: 'must not set blockOwnerDeletion on an owner reference' },
  { name: 'a mirror pod of an earlier node', attributes: mirror({ uid: 'old' }), refusal: 'node n1 UID mismatch: expected old got node-uid' },
  { name: 'a token for a pod of its own', attributes: token({ name: 'own', uid: 'own-uid' }), refusal: undefined },
  { name: 'a token for a pod elsewhere', attributes: token({ name: 'foreign', uid: 'foreign-uid' }), refusal: 'node requested token bound to a pod scheduled on a different node' },
  { name: 'a token for an earlier pod', attributes: token({ name: 'own', uid: 'old' }), refusal: 'the UID in the bound object reference (old) does not match the UID in record' },
  { name: 'a token for a pod that is gone', attributes: token({ name: 'gone', uid: 'u' }), refusal: 'pod "gone" not found' },
  { name: 'the eviction of a pod elsewhere', attributes: { resource: 'pods', subresource: 'eviction', name: 'foreign' }, refusal: 'node n1 can only evict pods with spec.nodeName set to itself' },
  { name: 'a certificate of its own', attributes: csr(requests['n1']), refusal: undefined },
  { name: 'a certificate of another node', attributes: csr(requests['n2']), refusal: 'can only create a node CSR with CN=system:node:n1' },
  { name: 'a certificate of another node from a signer of no kubelets', attributes: csr(requests['n2'], 'example.com/any'), refusal: undefined },
  { name: 'a certificate by no request', attributes: csr('YQ=='), refusal: 'unable to parse csr: PEM block type must be CERTIFICATE REQUEST' },
  { name: 'a slice of its own', attributes: { ...slices, object: { metadata: {}, spec: { nodeName: 'n1' } } }, refusal: undefined },
  { name: 'a slice of all nodes', attributes: { ...slices, object: { metadata: {}, spec: { allNodes: true } } }, refusal: 'can only create ResourceSlice with the same NodeName as the requesting node' },
  { name: 'the end of a slice elsewhere', attributes: { ...slices, operation: 'DELETE', oldObject: { metadata: {}, spec: { nodeName: 'n2' } } }, refusal: 'can only delete ResourceSlice with the same NodeName as the requesting node' },
  {
    name: 'a configuration that others choose', attributes: { resource: 'nodes', operation: 'UPDATE', name: 'n1', object: { metadata: {}, spec: { configSource: {} } }, oldObject: { metadata: {} } },
    refusal: 'is not allowed to update configSource to a new non-nil configSource',
  },
])('a kubelet asks for $name', async ({ attributes, refusal }) => {
  const plugin = nodeRestriction(reader);
  const all = asked(attributes);
  const answers = [plugin.validate?.(all), ...(all.operation === 'DELETE' ? [] : [plugin.mutate?.(all)])];
  for (const answer of answers) {
    const outcome = Promise.resolve(answer as Promise<KubernetesObject | undefined>);
    if (refusal === undefined) await outcome;
    else await expect(outcome).rejects.toThrow(refusal);
  }
});

import 'reflect-metadata';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { expect, test } from 'vitest';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import type { ObjectReader } from '../../authentication/object-reader.ts';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { nodeRestriction } from './node-restriction.ts';

const stored: Readonly<Record<string, object>> = {
  'nodes/n1': { metadata: { name: 'n1', uid: 'node-uid' } },
  'pods/own': {
    metadata: { name: 'own', namespace: 'default', uid: 'own-uid' },
    spec: {
      nodeName: 'n1',
      volumes: [
        { name: 'a', projected: { sources: [{ serviceAccountToken: { path: 'token' } }, { serviceAccountToken: { path: 'vault', audience: 'vault' } }] } },
        { name: 'b', persistentVolumeClaim: { claimName: 'disk' } },
        { name: 'c', csi: { driver: 'inline' } },
        { name: 'd', gcePersistentDisk: { pdName: 'd' } },
      ],
    },
  },
  'pods/bare': { metadata: { name: 'bare', namespace: 'default', uid: 'bare-uid' }, spec: { nodeName: 'n1' } },
  'pods/lost': { metadata: { name: 'lost', namespace: 'default', uid: 'lost-uid' }, spec: { nodeName: 'n1', volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: {} } }, { name: 'c', csi: { driver: 'gone' } }] } },
  'persistentvolumeclaims/disk': { metadata: { name: 'disk' }, spec: { volumeName: 'volume' } },
  'persistentvolumes/volume': { metadata: { name: 'volume' }, spec: { csi: { driver: 'bound' } } },
  'csidrivers/bound': { spec: { tokenRequests: [{ audience: 'of-claim' }] } },
  'csidrivers/inline': { spec: { tokenRequests: [{ audience: 'of-volume' }] } },
  'csidrivers/pd.csi.storage.gke.io': { spec: { tokenRequests: [{ audience: 'of-moved' }] } },
  'pods/foreign': { metadata: { name: 'foreign', uid: 'foreign-uid' }, spec: { nodeName: 'n2' } },
};
const reader = { get: ({ resource }: { resource: string }, { name }: { name: string }) => Promise.resolve(stored[`${resource}/${name}`]) } as unknown as ObjectReader;

const asked = (attributes: object): AdmissionAttributes =>
  ({ user: { name: 'system:node:n1', groups: ['system:nodes'] }, group: '', operation: 'CREATE', subresource: '', namespace: 'default', name: '', ...attributes }) as unknown as AdmissionAttributes;
const mirror = (owner: object, spec: object = {}): object => ({
  resource: 'pods',
  object: {
    metadata: { name: 'm', annotations: { 'kubernetes.io/config.mirror': 'x' }, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'node-uid', controller: true, ...owner }] },
    spec: { nodeName: 'n1', ...spec },
  },
});
const mounting = (volume: object): object => mirror({}, { volumes: [{ name: 'v', ...volume }] });
const token = (ref: object, audiences?: readonly string[]): object => ({
  resource: 'serviceaccounts', subresource: 'token', name: 'default', object: { spec: { audiences, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', ...ref } } },
});
const own = { name: 'own', uid: 'own-uid' };
/** May ask for tokens of one audience that no pod names. */
const authorizer: Authorizer = { authorize: ({ verb, resource }) => ({ decision: verb === 'request-serviceaccounts-token-audience' && resource === 'granted' ? 'allow' : 'noOpinion', reason: '' }) };
const claim = (change: object): object => ({
  resource: 'persistentvolumeclaims', subresource: 'status', operation: 'UPDATE', name: 'c',
  oldObject: { metadata: { name: 'c', resourceVersion: '1' }, spec: {}, status: { phase: 'Bound' } },
  object: { metadata: { name: 'c', resourceVersion: '2' }, spec: {}, status: { phase: 'Bound', ...change } },
});
const podStatus = (status: object): object => ({
  resource: 'pods', subresource: 'status', operation: 'UPDATE', name: 'own',
  oldObject: { metadata: {}, spec: { nodeName: 'n1' } }, object: { metadata: {}, spec: { nodeName: 'n1' }, status },
});
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
  { name: 'a mirror pod with an account', attributes: mirror({}, { serviceAccountName: 'a' }), refusal: 'node "n1" can not create pods that reference serviceaccounts' },
  { name: 'a mirror pod with claims of devices', attributes: mirror({}, { resourceClaims: [{ name: 'a' }] }), refusal: 'can not create pods that reference resourceclaims' },
  { name: 'a mirror pod with a variable from a secret', attributes: mirror({}, { containers: [{ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's' } } }] }] }), refusal: 'can not create pods that reference secrets' },
  { name: 'a mirror pod with a secret volume', attributes: mounting({ secret: { secretName: 's' } }), refusal: 'can not create pods that reference secrets' },
  { name: 'a mirror pod with a config map to come', attributes: mounting({ projected: { sources: [{ configMap: { name: 'c' } }] } }), refusal: 'can not create pods that reference configmaps' },
  { name: 'a mirror pod with a claim', attributes: mounting({ persistentVolumeClaim: { claimName: 'c' } }), refusal: 'can not create pods that reference persistentvolumeclaims' },
  { name: 'a mirror pod with a claim of its own', attributes: mounting({ ephemeral: {} }), refusal: 'can not create pods that reference persistentvolumeclaims (via ephemeral volumes)' },
  { name: 'a mirror pod with a driver', attributes: mounting({ csi: { driver: 'd' } }), refusal: 'can not create pods that reference csidrivers (via CSI volumes)' },
  { name: 'a mirror pod with a token', attributes: mounting({ projected: { sources: [{ serviceAccountToken: {} }] } }), refusal: 'can not create pods that reference serviceaccounts (via projected volumes)' },
  { name: 'a mirror pod with trusted certificates', attributes: mounting({ projected: { sources: [{ clusterTrustBundle: {} }] } }), refusal: 'can not create pods that reference clustertrustbundles' },
  { name: 'a mirror pod with an unknown projection', attributes: mounting({ projected: { sources: [{}] } }), refusal: 'error checking mirror pod for API references: unknown source for projected volume "v"' },
  { name: 'a mirror pod with an unknown volume', attributes: mounting({}), refusal: 'error checking mirror pod for API references: unknown volume type for volume  "v"' },
  { name: 'a mirror pod with a folder and facts about itself', attributes: mirror({}, { volumes: [{ name: 'v', hostPath: { path: '/' } }, { name: 'w', projected: { sources: [{ downwardAPI: {} }] } }] }), refusal: undefined },
  { name: 'a token for an audience of its pod', attributes: token(own, ['vault']), refusal: undefined },
  { name: 'a token for an audience of the driver behind a claim', attributes: token(own, ['of-claim']), refusal: undefined },
  { name: 'a token for an audience of the driver of a volume', attributes: token(own, ['of-volume']), refusal: undefined },
  { name: 'a token for an audience of the driver that took over a volume', attributes: token(own, ['of-moved']), refusal: undefined },
  { name: 'a token for an audience that it was granted', attributes: token(own, ['granted']), refusal: undefined },
  { name: 'a token for two audiences', attributes: token(own, ['vault', 'of-claim']), refusal: 'node may only request 0 or 1 audiences' },
  { name: 'a token for any audience', attributes: token(own, ['other']), refusal: 'audience "other" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience' },
  { name: 'a token of a pod without', attributes: token({ name: 'bare', uid: 'bare-uid' }), refusal: 'audience "" not found in pod spec volume' },
  {
    name: 'a token of a pod whose volumes are not known', attributes: token({ name: 'lost', uid: 'lost-uid' }),
    refusal: 'error validating audience "": [persistentvolumeclaim "lost-scratch" not found, csidriver.storage.k8s.io "gone" not found]',
  },
  { name: 'news of the size of a claim', attributes: claim({ capacity: { storage: '1' }, conditions: [], allocatedResources: {}, allocatedResourceStatuses: {} }), refusal: undefined },
  { name: 'another phase of a claim', attributes: claim({ phase: 'Lost' }), refusal: 'is not allowed to update fields other than status.quantity and status.conditions: @@ -15,7 +15,7 @@\n   "VolumeAttributesClassName": null\n  },\n  "Status": {\n-  "Phase": "Bound",\n+  "Phase": "Lost",' },
  { name: 'a claim', attributes: { resource: 'persistentvolumeclaims', operation: 'UPDATE' }, refusal: 'may only update PVC status' },
  { name: 'a new phase of its pod', attributes: podStatus({ phase: 'Running' }), refusal: undefined },
  { name: 'a claim of its pod', attributes: podStatus({ resourceClaimStatuses: [{ name: 'a' }] }), refusal: 'node "n1" cannot update resource claim statues' },
  { name: 'the place of a pod', attributes: { resource: 'pods', subresource: 'binding', name: 'own' }, refusal: 'unexpected pod subresource "binding", only \'status\' and \'eviction\' are allowed' },
  { name: 'a lease of its own', attributes: { group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-node-lease', object: { metadata: { name: 'n1' } } }, refusal: undefined },
  { name: 'a lease elsewhere', attributes: { group: 'coordination.k8s.io', resource: 'leases', object: { metadata: { name: 'n1' } } }, refusal: 'can only access leases in the "kube-node-lease" system namespace' },
  { name: 'a CSINode of others', attributes: { group: 'storage.k8s.io', resource: 'csinodes', operation: 'UPDATE', name: 'n2' }, refusal: 'can only access CSINode with the same name as the requesting node' },
  {
    name: 'labels that attract pods',
    attributes: { resource: 'nodes', operation: 'UPDATE', name: 'n1', oldObject: { metadata: {} }, object: { metadata: { labels: { 'k8s.io/z': '', 'a.node-restriction.kubernetes.io/b': '', 'kubernetes.io/os': 'linux', 'c.node.kubernetes.io/d': '', mine: '' } } } },
    refusal: 'is not allowed to modify labels: a.node-restriction.kubernetes.io/b, k8s.io/z',
  },
  { name: 'anything, and is no node', attributes: { user: { name: 'system:node:', groups: ['system:nodes'] }, resource: 'events' }, refusal: 'could not determine node from user "system:node:"' },
])('a kubelet asks for $name', async ({ attributes, refusal }) => {
  const plugin = nodeRestriction({ reader, authorizer });
  const all = asked(attributes);
  const answers = [plugin.validate?.(all), ...(all.operation === 'DELETE' ? [] : [plugin.mutate?.(all)])];
  for (const answer of answers) {
    const outcome = Promise.resolve(answer as Promise<KubernetesObject | undefined>);
    if (refusal === undefined) await outcome;
    else await expect(outcome).rejects.toThrow(refusal);
  }
});

test('a kubelet that connects is no business of admission', () => {
  expect(nodeRestriction({ reader, authorizer }).handles(asked({ operation: 'CONNECT', resource: 'pods', subresource: 'exec' }))).toBe(false);
});

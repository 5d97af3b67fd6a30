import { expect, test } from 'vitest';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { ObjectMirror } from '../registry/object-mirror.ts';
import { createNodeAuthorizer } from './node-authorizer.ts';
import { NodeGraph, referencesOf } from './node-graph.ts';

type Observer = Parameters<ObjectMirror['observe']>[1];

const secret = (name: string): object => ({ secretRef: { name } });
const pod = {
  apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'a', uid: 'u' },
  spec: {
    nodeName: 'n1',
    serviceAccountName: 'robot',
    imagePullSecrets: [{ name: 'pull' }, { name: '' }],
    containers: [{ name: 'c', envFrom: [{ configMapRef: { name: 'env' } }], env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'key', key: 'k' } } }] }],
    volumes: [
      { name: 'v1', persistentVolumeClaim: { claimName: 'claim' } },
      { name: 'v2', ephemeral: {} },
      { name: 'v3', projected: { sources: [{ configMap: { name: 'ca' } }, { secret: { name: 'projected' } }] } },
      { name: 'v4', azureFile: { secretName: 'azure' } }, { name: 'v5', cephfs: secret('ceph') }, { name: 'v6', cinder: secret('cinder') }, { name: 'v7', flexVolume: secret('flex') },
      { name: 'v8', rbd: secret('rbd') }, { name: 'v9', scaleIO: secret('scale') }, { name: 'v10', iscsi: secret('iscsi') }, { name: 'v11', storageos: secret('storage') },
    ],
    resourceClaims: [{ name: 'own', resourceClaimName: 'given' }, { name: 'template', resourceClaimTemplateName: 't' }, { name: 'later', resourceClaimTemplateName: 't' }],
  },
  status: { resourceClaimStatuses: [{ name: 'template', resourceClaimName: 'made' }, { name: 'gone', resourceClaimName: 'left' }], extendedResourceClaimStatus: { resourceClaimName: 'extended' } },
} as unknown as KubernetesObject;

test('a pod refers to everything that its kubelet reads', () => {
  expect(referencesOf(pod as never).sort()).toEqual([
    'configmaps:a/ca', 'configmaps:a/env', 'persistentvolumeclaims:a/claim', 'persistentvolumeclaims:a/p-v2', 'pods:a/p',
    'resourceclaims:a/extended', 'resourceclaims:a/given', 'resourceclaims:a/made',
    ...['azure', 'ceph', 'cinder', 'flex', 'iscsi', 'key', 'projected', 'pull', 'rbd', 'scale', 'storage'].map((name) => `secrets:a/${name}`), 'serviceaccounts:a/robot',
  ]);
});

test('a mirror pod, which a kubelet makes itself, opens nothing to it', () => {
  const { metadata } = pod;
  expect(referencesOf({ ...pod, metadata: { ...metadata, annotations: { 'kubernetes.io/config.mirror': '' } } } as never)).toEqual(['pods:a/p']);
});

async function followedGraph(): Promise<{ readonly graph: NodeGraph; set(resource: string, object: object): void }> {
  const observers = new Map<string, Observer>();
  const graph = new NodeGraph();
  await graph.follow({ observe: ({ resource }: { resource: string }, observer: Observer) => Promise.resolve(void observers.set(resource, observer)) } as unknown as ObjectMirror);
  return { graph, set: (resource, object) => observers.get(resource)?.set(object as KubernetesObject) };
}

test('claims that are made, and debuggers that come, after a pod was bound are seen', async () => {
  const { graph, set } = await followedGraph();
  const bound = { metadata: { name: 'p', namespace: 'a', uid: 'u' }, spec: { nodeName: 'n1', resourceClaims: [{ name: 'c', resourceClaimTemplateName: 't' }] } };
  set('pods', bound);
  expect(graph.reaches('n1', 'resourceclaims', { namespace: 'a', name: 'made' })).toBe(false);
  set('pods', { ...bound, status: { resourceClaimStatuses: [{ name: 'c', resourceClaimName: 'made' }] } });
  expect(graph.reaches('n1', 'resourceclaims', { namespace: 'a', name: 'made' })).toBe(true);
  set('pods', { ...bound, spec: { ...bound.spec, ephemeralContainers: [{ name: 'd', envFrom: [{ secretRef: { name: 'debug' } }] }] } });
  expect(graph.reaches('n1', 'secrets', { namespace: 'a', name: 'debug' })).toBe(true);
  set('pods', { ...bound, metadata: { ...bound.metadata, uid: 'next' }, spec: { nodeName: 'n1', serviceAccountName: 'other' } });
  expect(graph.reaches('n1', 'serviceaccounts', { namespace: 'a', name: 'other' })).toBe(true);
});

test('of the secrets of a volume, a kubelet sees those that are for nodes', async () => {
  const { graph, set } = await followedGraph();
  set('pods', { metadata: { name: 'p', namespace: 'a' }, spec: { nodeName: 'n1', volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }, { name: 'w', persistentVolumeClaim: { claimName: 'd' } }] } });
  const ref = (name: string): object => ({ name, namespace: 's' });
  const csi = { controllerPublishSecretRef: ref('attach'), controllerExpandSecretRef: ref('grow'), nodePublishSecretRef: ref('mount'), nodeStageSecretRef: ref('stage'), nodeExpandSecretRef: ref('node-grow') };
  set('persistentvolumes', { metadata: { name: 'v' }, spec: { claimRef: { namespace: 'a', name: 'c' }, csi } });
  set('persistentvolumes', { metadata: { name: 'w' }, spec: { claimRef: { namespace: 'a', name: 'd' }, azureFile: { secretName: 'azure' } } });
  const sees = (namespace: string, names: readonly string[]): string[] => names.filter((name) => graph.reaches('n1', 'secrets', { namespace, name }));
  expect(sees('s', ['attach', 'grow', 'mount', 'stage', 'node-grow'])).toEqual(['mount', 'stage', 'node-grow']);
  expect(sees('a', ['azure'])).toEqual(['azure']);
  expect(graph.reaches('n2', 'persistentvolumes', { namespace: '', name: 'v' })).toBe(false);
});

const READ_OWN = "node 'n1' cannot read 'n2', only its own Node object";
const UNRELATED = "no relationship found between node 'n1' and this object";
const allow = 'allow';

test.each([
  ['get', 'nodes/n1', allow], ['get', 'nodes/n2', READ_OWN], ['list', 'nodes', "node 'n1' cannot read all nodes, only its own Node object"], ['create', 'nodes', allow], ['patch', 'nodes/n2', allow], ['delete', 'nodes/n1', ''],
  ['get', 'nodes/n1/status', ''], ['update', 'nodes/n1/status', allow], ['get', 'nodes/n1/proxy', ''],
  ['get', 'pods/p', allow], ['get', 'pods/q', UNRELATED], ['list', 'pods', 'can only list/watch pods with spec.nodeName field selector'], ['list', 'pods?spec.nodeName=n1', allow], ['list', 'pods?spec.nodeName=n2', 'can only list/watch pods with spec.nodeName field selector'],
  ['update', 'pods/p', ''], ['delete', 'pods/q', allow], ['patch', 'pods/q/status', allow], ['create', 'pods/q/eviction', allow], ['create', 'pods/q/binding', ''], ['patch', 'pods/p/resize', ''], ['deletecollection', 'pods?spec.nodeName=n1', ''],
  ['get', 'secrets/pull', allow], ['watch', 'secrets/pull', allow], ['list', 'secrets', 'No Object name found'], ['get', 'secrets/other', UNRELATED], ['update', 'secrets/pull', 'can only read resources of this type'], ['get', 'secrets/pull/x', 'cannot read subresource'],
  ['get', 'persistentvolumeclaims/claim', allow], ['list', 'persistentvolumeclaims/claim', 'can only get individual resources of this type'], ['get', 'persistentvolumeclaims/claim/status', 'can only get/update/patch this type'], ['patch', 'persistentvolumeclaims/claim/status', allow],
  ['get', 'resourceclaims.resource.k8s.io/made', allow], ['get', 'resourceclaims.resource.k8s.io/left', UNRELATED],
  ['get', 'serviceaccounts/robot', allow], ['create', 'serviceaccounts/robot/token', allow], ['create', 'serviceaccounts/other/token', UNRELATED], ['create', 'serviceaccounts/robot', 'can only create token subresource of serviceaccount'], ['list', 'serviceaccounts', 'can only create tokens for individual service accounts'],
  ['get', 'podcertificaterequests.certificates.k8s.io/x', ''], ['create', 'podcertificaterequests.certificates.k8s.io', ''], ['create', 'certificatesigningrequests.certificates.k8s.io', allow], ['list', 'services', allow],
])('a kubelet may %s %s: %s', async (verb, target, answer) => {
  const { graph, set } = await followedGraph();
  set('pods', pod);
  const [path = '', fieldSelector] = target.split('?');
  const [type = '', name = '', subresource = ''] = path.split('/');
  const [resource = '', ...group] = type.split('.');
  const user = { name: 'system:node:n1', groups: ['system:nodes'] };
  const asked = { user, verb, isResourceRequest: true, path: '', apiGroup: group.join('.'), apiVersion: 'v1', namespace: resource === 'nodes' ? '' : 'a', resource, subresource, name, ...(fieldSelector === undefined ? {} : { fieldSelector }) };
  const { decision, reason } = await createNodeAuthorizer(graph).authorize(asked);
  expect(decision === 'allow' ? decision : reason).toBe(answer);
});

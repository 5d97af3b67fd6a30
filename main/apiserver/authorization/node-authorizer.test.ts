import { expect, test } from 'vitest';
import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import { referencesOf } from './node-graph.ts';

test('a pod refers to everything that its kubelet reads', () => {
  const pod = {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'a' },
    spec: {
      serviceAccountName: 'robot',
      imagePullSecrets: [{ name: 'pull' }],
      containers: [{ name: 'c', envFrom: [{ configMapRef: { name: 'env' } }], env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'key', key: 'k' } } }] }],
      volumes: [
        { name: 'v1', persistentVolumeClaim: { claimName: 'claim' } },
        { name: 'v2', ephemeral: {} },
        { name: 'v3', projected: { sources: [{ configMap: { name: 'ca' } }, { secret: { name: 'projected' } }] } },
      ],
    },
  } as unknown as Pod;
  expect(referencesOf(pod).sort()).toEqual([
    'configmaps:a/ca', 'configmaps:a/env', 'persistentvolumeclaims:a/claim', 'persistentvolumeclaims:a/p-v2', 'pods:a/p',
    'secrets:a/key', 'secrets:a/projected', 'secrets:a/pull', 'serviceaccounts:a/robot',
  ]);
});

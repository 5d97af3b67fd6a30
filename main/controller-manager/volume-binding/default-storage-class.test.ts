import { expect, test } from 'vitest';
import type { StorageClass } from '../../../kube/api/generated/storage/v1.ts';
import { defaultStorageClass } from './default-storage-class.ts';

const storageClass = (name: string, { creationTimestamp = '2026-01-01T00:00:00Z', mark = 'storageclass.kubernetes.io/is-default-class', value = 'true' } = {}): StorageClass => ({
  apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'p', metadata: { name, creationTimestamp, annotations: { [mark]: value } },
});

test.each([
  { name: 'none where none is marked', classes: [storageClass('a', { value: 'false' })], want: undefined },
  { name: 'the one with the old mark', classes: [storageClass('a', { value: 'false' }), storageClass('b', { mark: 'storageclass.beta.kubernetes.io/is-default-class' })], want: 'b' },
  { name: 'the newest of several', classes: [storageClass('a'), storageClass('b', { creationTimestamp: '2026-01-02T00:00:00Z' }), storageClass('c')], want: 'b' },
  { name: 'the first by name of those as old', classes: [storageClass('b'), storageClass('a')], want: 'a' },
])('the default storage class is $name', ({ classes, want }) => {
  expect(defaultStorageClass(classes)?.metadata.name).toBe(want);
});

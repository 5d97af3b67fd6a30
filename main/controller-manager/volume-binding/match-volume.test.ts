import { describe, expect, it } from 'vitest';
import type { PersistentVolume, PersistentVolumeClaim } from '../../../kube/api/generated/core/v1.ts';
import { matchVolume } from './match-volume.ts';

const claim: PersistentVolumeClaim = {
  apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: 'n', name: 'data', uid: 'u' },
  spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'manual', resources: { requests: { storage: '1Gi' } } },
};
const volume = (name: string, storage: string, spec: Partial<PersistentVolume['spec']> = {}): PersistentVolume => ({
  apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'manual', capacity: { storage }, ...spec },
  status: { phase: 'Available' },
});

describe('matchVolume', () => {
  it('takes the smallest that is large enough', () => {
    expect(matchVolume(claim, [volume('large', '5Gi'), volume('small', '500Mi'), volume('right', '2Gi')])?.metadata.name).toBe('right');
  });
  it('prefers the volume that names the claim', () => {
    expect(matchVolume(claim, [volume('right', '2Gi'), volume('named', '9Gi', { claimRef: { namespace: 'n', name: 'data' } })])?.metadata.name).toBe('named');
  });
  it('leaves volumes of another claim, class or mode alone', () => {
    const others = [volume('a', '2Gi', { claimRef: { namespace: 'n', name: 'other' } }), volume('b', '2Gi', { storageClassName: 'fast' }), volume('c', '2Gi', { volumeMode: 'Block' })];
    expect(matchVolume(claim, others)).toBeUndefined();
  });
  it('waits for the first pod where the class says so', () => {
    expect(matchVolume(claim, [volume('right', '2Gi')], { reservedOnly: true })).toBeUndefined();
  });
});

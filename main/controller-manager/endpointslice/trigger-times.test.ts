import { expect, test } from 'vitest';
import type { Pod, Service } from '../../../kube/api/generated/core/v1.ts';
import { TriggerTimes, withTriggerTime } from './trigger-times.ts';

const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`;
const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's', creationTimestamp: at(1) } } as Service;
const pod = (name: string, readyAt?: number): Pod =>
  ({
    apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [] },
    status: readyAt === undefined ? {} : { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: at(readyAt) }] },
  }) as Pod;

test('the earliest change since the last look counts; the first look is for the Service itself', () => {
  const times = new TriggerTimes();
  const next = (...pods: Pod[]): string | undefined => times.next('d/s', { service, pods });
  expect(next(pod('a', 10))).toBe(at(1));
  expect(next(pod('a', 10))).toBeUndefined();
  expect(next(pod('a', 14), pod('b', 12), pod('c'))).toBe(at(12));
  expect(next(pod('a', 20), pod('b', 18), pod('c'))).toBe(at(18));
  expect(next(pod('a', 20))).toBeUndefined();
  times.forget('d/s');
  expect(next(pod('a', 20))).toBe(at(1));
});

test('a write without a change to tell of takes the earlier time off, and leaves other annotations', () => {
  const slice = { metadata: { name: 'x', annotations: { mine: 'yes' } } };
  const told = withTriggerTime(slice, at(3));
  expect(told.metadata.annotations).toEqual({ mine: 'yes', 'endpoints.kubernetes.io/last-change-trigger-time': at(3) });
  expect(withTriggerTime(told, undefined).metadata.annotations).toEqual({ mine: 'yes' });
});

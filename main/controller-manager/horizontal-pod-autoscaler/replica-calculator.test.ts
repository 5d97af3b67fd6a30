import { describe, expect, test } from 'vitest';
import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import { formatTime } from '../../../kube/apimachinery/time.ts';
import type { PodMetrics } from './metrics-client.ts';
import { computeAverageReplicas, computeSharedReplicas, computeShareReplicas, computeUtilizationReplicas } from './replica-calculator.ts';

const NOW = Date.UTC(2026, 0, 1);
const TOLERANCES = { scaleUp: 0.1, scaleDown: 0.1 };
const HOUR_AGO = formatTime(NOW - 3_600_000);

/** A pod that asks for a whole core, and is ready for an hour unless said otherwise. */
function pod(name: string, { phase = 'Running', ready = 'True', request = '1' }: { readonly phase?: string; readonly ready?: string; readonly request?: string | undefined } = {}): Pod {
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'x', resources: request === '' ? {} : { requests: { cpu: request } } }] },
    status: { phase, startTime: HOUR_AGO, conditions: [{ type: 'Ready', status: ready, lastTransitionTime: HOUR_AGO }] },
  };
}
const usage = (values: Readonly<Record<string, number>>): PodMetrics => new Map(Object.entries(values).map(([name, value]) => [name, { value, timestampMs: NOW, windowMs: 30_000 }]));

function utilization(pods: readonly Pod[], values: Readonly<Record<string, number>>, percent = 50): ReturnType<typeof computeUtilizationReplicas> {
  return computeUtilizationReplicas({ pods, metrics: usage(values), currentReplicas: pods.length, tolerances: TOLERANCES, resource: 'cpu', nowMs: NOW }, { percent, container: '' });
}

describe('a share of what pods ask for', () => {
  test.each([
    { name: 'twice the target doubles them', pods: [pod('a'), pod('b')], values: { a: 1000, b: 1000 }, expected: 4 },
    { name: 'a tenth more changes nothing', pods: [pod('a'), pod('b')], values: { a: 550, b: 550 }, expected: 2 },
    { name: 'a pod without a sample counts as idle when more seem needed', pods: [pod('a'), pod('b'), pod('c')], values: { a: 1000, b: 1000 }, expected: 4 },
    { name: 'and as busy when fewer do', pods: [pod('a'), pod('b'), pod('c')], values: { a: 100, b: 100 }, expected: 3 },
    { name: 'a pod that waits to be scheduled counts as idle', pods: [pod('a'), pod('b', { phase: 'Pending' })], values: { a: 1000 }, expected: 2 },
    { name: 'a failed pod does not count', pods: [pod('a'), pod('b', { phase: 'Failed' })], values: { a: 1000 }, expected: 2 },
  ])('$name', ({ pods, values, expected }) => {
    expect(utilization(pods, values as Readonly<Record<string, number>>).replicas).toBe(expected);
  });

  test('what cannot be told is said', () => {
    expect(() => utilization([], {})).toThrow('no pods returned by selector while calculating replica count');
    expect(() => utilization([pod('a')], {})).toThrow('did not receive metrics for targeted pods (pods might be unready)');
    expect(() => utilization([pod('a', { request: '' })], { a: 1 })).toThrow('missing request for cpu in container c of Pod a');
  });
});

test('an amount for each pod', () => {
  const found = computeAverageReplicas({ pods: [pod('a'), pod('b')], metrics: usage({ a: 30_000, b: 10_000 }), currentReplicas: 2, tolerances: TOLERANCES, resource: '', nowMs: NOW }, 10_000);
  expect(found).toEqual({ replicas: 4, usage: 20_000 });
});

test('one value for all ready pods, and a share of it for each', () => {
  const pods = [pod('a'), pod('b', { ready: 'False' })];
  expect(computeSharedReplicas({ usage: 30_000, target: 10_000 }, { pods, currentReplicas: 2, tolerances: TOLERANCES }).replicas).toBe(3);
  expect(computeShareReplicas({ usage: 95_000, target: 10_000 }, { statusReplicas: 3, tolerances: TOLERANCES })).toEqual({ replicas: 10, usage: 31_667 });
});

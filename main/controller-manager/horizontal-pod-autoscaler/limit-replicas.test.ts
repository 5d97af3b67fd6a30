import { expect, test } from 'vitest';
import type { HorizontalPodAutoscalerBehavior } from '../../../kube/api/generated/autoscaling/v2.ts';
import { normalizeReplicas } from './limit-replicas.ts';
import type { ScalingHistory } from './scaling-history.ts';

const NOW = Date.UTC(2026, 0, 1);
const ago = (seconds: number): number => NOW - seconds * 1000;
const NOTHING: ScalingHistory = { recommendations: [], scaledUp: [], scaledDown: [] };

interface Case {
  readonly name: string;
  readonly current: number;
  readonly desired: number;
  readonly behavior?: HorizontalPodAutoscalerBehavior;
  readonly history?: Partial<ScalingHistory>;
  readonly expected: { readonly replicas: number; readonly able?: string; readonly limited: string };
}

const cases: readonly Case[] = [
  { name: 'a wish within the range is granted', current: 3, desired: 5, expected: { replicas: 5, able: 'ReadyForNewScale', limited: 'DesiredWithinRange' } },
  { name: 'more than the maximum', current: 8, desired: 30, expected: { replicas: 10, limited: 'TooManyReplicas' } },
  { name: 'fewer than the minimum', current: 3, desired: 1, expected: { replicas: 2, limited: 'TooFewReplicas' } },
  { name: 'at most twice as many at once, at least four', current: 1, desired: 9, expected: { replicas: 4, limited: 'ScaleUpLimit' } },
  {
    name: 'down no further than the highest recommendation of five minutes', current: 8, desired: 2, history: { recommendations: [{ value: 9, atMs: ago(301) }, { value: 6, atMs: ago(100) }] },
    expected: { replicas: 6, able: 'ScaleDownStabilized', limited: 'DesiredWithinRange' },
  },
  {
    name: 'a window for up: the lowest recommendation of it', current: 2, desired: 8, behavior: { scaleUp: { stabilizationWindowSeconds: 60, policies: [{ type: 'Percent', value: 900, periodSeconds: 15 }] } },
    history: { recommendations: [{ value: 3, atMs: ago(30) }, { value: 2, atMs: ago(90) }] }, expected: { replicas: 3, able: 'ScaleUpStabilized', limited: 'DesiredWithinRange' },
  },
  {
    name: 'the most that any policy for up lets, counted from the start of its period', current: 6, desired: 10, history: { scaledUp: [{ value: 2, atMs: ago(10) }] },
    behavior: { scaleUp: { policies: [{ type: 'Pods', value: 3, periodSeconds: 15 }, { type: 'Percent', value: 50, periodSeconds: 15 }] } }, expected: { replicas: 7, limited: 'ScaleUpLimit' },
  },
  {
    name: 'the least that any policy for down lets', current: 10, desired: 2,
    behavior: { scaleDown: { stabilizationWindowSeconds: 0, selectPolicy: 'Min', policies: [{ type: 'Pods', value: 4, periodSeconds: 60 }, { type: 'Percent', value: 10, periodSeconds: 60 }] } },
    expected: { replicas: 9, limited: 'ScaleDownLimit' },
  },
  {
    name: 'scaling down is disabled', current: 9, desired: 2, behavior: { scaleDown: { stabilizationWindowSeconds: 0, selectPolicy: 'Disabled' } }, expected: { replicas: 9, limited: 'ScaleDownLimit' },
  },
];

test.each(cases)('$name', ({ current, desired, behavior, history, expected }) => {
  const found = normalizeReplicas({ current, desired, min: 2, max: 10 }, { behavior, history: { ...NOTHING, ...history }, nowMs: NOW });
  expect({ replicas: found.replicas, limited: found.limited.reason, ...(expected.able === undefined ? {} : { able: found.able.reason }) }).toEqual(expected);
});

import { describe, expect, it } from 'vitest';
import { containsRange, planRoutes } from './plan-routes.ts';

const nodes = [
  { name: 'worker-1', nodeIP: '10.89.0.11', podCIDR: '10.244.0.0/24' },
  { name: 'worker-2', nodeIP: '10.89.0.12', podCIDR: '10.244.1.0/24' },
  { name: 'worker-3', nodeIP: '10.89.0.13', podCIDR: '10.244.2.0/24' },
];

describe('planning routes', () => {
  it.each([
    { name: 'adds one for every other node', present: [], replace: ['10.244.1.0/24', '10.244.2.0/24'], remove: [] },
    { name: 'leaves right ones alone', present: [{ destination: '10.244.1.0/24', gateway: '10.89.0.12' }], replace: ['10.244.2.0/24'], remove: [] },
    { name: 'replaces one whose node has another address now', present: [{ destination: '10.244.1.0/24', gateway: '10.89.0.99' }], replace: ['10.244.1.0/24', '10.244.2.0/24'], remove: [] },
    { name: 'removes one whose node is gone', present: [{ destination: '10.244.9.0/24', gateway: '10.89.0.19' }], replace: ['10.244.1.0/24', '10.244.2.0/24'], remove: ['10.244.9.0/24'] },
  ])('$name', ({ present, replace, remove }) => {
    const changes = planRoutes({ self: 'worker-1', nodes, present });
    expect(changes.replace.map((route) => route.destination)).toEqual(replace);
    expect(changes.remove.map((route) => route.destination)).toEqual(remove);
  });
});

describe('ranges', () => {
  it.each([
    { outer: '10.244.0.0/16', inner: '10.244.7.0/24', expected: true },
    { outer: '10.244.0.0/16', inner: '10.245.0.0/24', expected: false },
    { outer: '10.244.0.0/24', inner: '10.244.0.0/16', expected: false },
    { outer: '0.0.0.0/0', inner: '192.168.1.0/24', expected: true },
    { outer: '192.168.0.0/16', inner: '192.168.255.255', expected: true },
  ])('$outer contains $inner: $expected', ({ outer, inner, expected }) => {
    expect(containsRange(outer, inner)).toBe(expected);
  });
});

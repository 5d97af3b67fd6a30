import { expect, test } from 'vitest';
import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import { existingPodWarnings, nameOf, podSecurityPolicy } from './pod-security-policy.ts';

const label = (mode: string): string => `pod-security.kubernetes.io/${mode}`;

test.each([
  { name: 'nothing', labels: {}, want: ['privileged:latest', 'privileged:latest', 'privileged:latest'] },
  { name: 'what is enforced is warned of', labels: { [label('enforce')]: 'restricted', [label('enforce-version')]: 'v1.30' }, want: ['restricted:v1.30', 'privileged:latest', 'restricted:v1.30'] },
  { name: 'warnings of another version', labels: { [label('enforce')]: 'baseline', [label('warn-version')]: 'v1.30' }, want: ['baseline:latest', 'privileged:latest', 'baseline:v1.30'] },
  { name: 'warnings that are asked for', labels: { [label('enforce')]: 'restricted', [label('warn')]: 'privileged' }, want: ['restricted:latest', 'privileged:latest', 'privileged:latest'] },
  { name: 'labels that nobody can read', labels: { [label('enforce')]: 'x', [label('audit')]: 'x', [label('warn')]: 'x' }, want: ['restricted:latest', 'privileged:latest', 'privileged:latest'] },
])('$name: enforced, audited, warned', ({ labels, want }) => {
  const { enforce, audit, warn } = podSecurityPolicy(labels);
  expect([enforce, audit, warn].map(nameOf)).toEqual(want);
});

test('a stricter namespace tells which pods it would no longer admit', () => {
  const pod = (name: string, spec: object): Pod => ({ metadata: { name }, spec: { containers: [], ...spec } }) as unknown as Pod;
  const pods = [pod('c', { hostPID: true }), pod('b', { hostNetwork: true }), pod('fine', {}), pod('a', { hostPID: true, volumes: [{ name: 'v', hostPath: { path: '/' } }] }), pod('d', { hostIPC: true })];
  expect(existingPodWarnings({ namespace: 'n', enforce: { level: 'baseline', version: 'latest' } }, pods)).toEqual([
    'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"',
    'a: host namespaces, hostPath volumes',
    'b (and 2 other pods): host namespaces',
  ]);
});

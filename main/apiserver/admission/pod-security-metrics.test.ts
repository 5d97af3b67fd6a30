import { expect, test } from 'vitest';
import { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import type { AdmissionAttributes } from './admission.ts';
import { PodSecurityMetrics } from './pod-security-metrics.ts';
import { podSecurity } from './pod-security.ts';

const pod = (privileged: boolean) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'n' }, spec: { containers: [{ name: 'c', image: 'i', securityContext: { privileged } }] } });

test.each([
  { name: 'privileged', labels: {}, privileged: true, lines: ['decision="allow",mode="enforce",policy_level="privileged",policy_version="latest"'] },
  { name: 'a version to come', labels: { enforce: 'baseline', 'enforce-version': 'v1.99' }, privileged: false, lines: ['decision="allow",mode="enforce",policy_level="baseline",policy_version="future"'] },
  {
    name: 'refused, and warned of in another version', labels: { enforce: 'baseline', 'enforce-version': 'v1.30', audit: 'restricted' }, privileged: true,
    lines: ['decision="deny",mode="audit",policy_level="restricted",policy_version="latest"', 'decision="deny",mode="enforce",policy_level="baseline",policy_version="v1.30"'],
  },
])('what a policy thinks is counted: $name', async ({ labels, privileged, lines }) => {
  const registry = new MetricsRegistry();
  const namespace = { metadata: { name: 'n', labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value])) } };
  const plugin = podSecurity({ get: async <T>() => namespace as T, list: async () => [] }, new PodSecurityMetrics(registry));
  const attributes = { operation: 'CREATE', group: '', version: 'v1', resource: 'pods', subresource: '', namespace: 'n', name: 'p', object: pod(privileged), user: { name: 'u', groups: [] }, dryRun: false, kind: { group: '', version: 'v1', kind: 'Pod' }, warn: () => {} };
  await Promise.resolve(plugin.validate?.(attributes as unknown as AdmissionAttributes)).catch(() => undefined);
  const shown = registry.text().split('\n').filter((line) => line.startsWith('pod_security_evaluations_total{'));
  expect(shown).toEqual(lines.map((line) => `pod_security_evaluations_total{${line},request_operation="create",resource="pod",subresource=""} 1`));
});

import { expect, test } from 'vitest';
import { computeDefinitionStatus } from './definition-status.ts';

const NOW = '2026-01-01T00:00:00Z';
type Definition = Parameters<typeof computeDefinitionStatus>[0];

function definition(group: string, annotations: Record<string, string> = {}): Definition {
  const names = { plural: 'xs', singular: 'x', kind: 'X', listKind: 'XList' };
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `xs.${group}`, annotations },
    spec: { group, scope: 'Namespaced', names, versions: [{ name: 'v1', served: true, storage: true }] },
  };
}

test.each([
  { name: 'of anybody', made: definition('example.org'), want: ['NamesAccepted', 'Established'] },
  {
    name: 'of a protected group', want: ['KubernetesAPIApprovalPolicyConformant', 'NamesAccepted', 'Established'],
    made: definition('gateway.networking.k8s.io', { 'api-approved.kubernetes.io': 'https://example.org/1' }),
  },
])('a definition $name has its conditions in upstream\'s order', ({ made, want }) => {
  expect(computeDefinitionStatus(made, [], NOW).conditions?.map(({ type }) => type)).toEqual(want);
});

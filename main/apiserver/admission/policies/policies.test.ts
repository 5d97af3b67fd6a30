import { describe, expect, test } from 'vitest';
import type { MutatingAdmissionPolicySpec, ValidatingAdmissionPolicySpec } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import { deepFreeze } from '../../../../kube/apimachinery/json.ts';
import { MetricsRegistry } from '../../../../kube/apimachinery/metrics/metrics-registry.ts';
import { VirtualClock } from '../../../../kube/apimachinery/virtual-clock.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { allowAllAuthorizer } from '../../authorization/authorizer.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { PolicyMetrics } from './policy-metrics.ts';
import { policyExpressionChecks } from './expression-checks.ts';
import { mutatingPolicies } from './mutating-policy.ts';
import type { PolicyOptions } from './policy-matching.ts';
import { validatingPolicies } from './validating-policy.ts';

const params = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'prm', namespace: 'ns' }, data: { forbid: 'bad' } };
const options: PolicyOptions = {
  reader: {
    get: async <T>(_: unknown, { name }: { readonly name: string }) => (name === 'prm' ? (params as T) : undefined),
    list: async () => [],
  },
  findKind: ({ kind }) => (kind === 'ConfigMap' ? { group: '', resource: 'configmaps', namespaced: true } : undefined),
  authorizer: allowAllAuthorizer,
};
const matchConstraints = { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }] };

function attributes(k: string, warnings: string[] = []): AdmissionAttributes {
  const object = deepFreeze({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'ns' }, data: { k } }) as unknown as KubernetesObject;
  return {
    operation: 'CREATE', group: '', version: 'v1', resource: 'configmaps', subresource: '', kind: { group: '', version: 'v1', kind: 'ConfigMap' },
    namespace: 'ns', name: 'a', object, user: { name: 'u', groups: [] }, dryRun: false, warn: (text) => warnings.push(text),
  };
}

function validating(spec: Partial<ValidatingAdmissionPolicySpec>, binding: Record<string, unknown> = {}, registry = new MetricsRegistry()) {
  const plugin = validatingPolicies({ ...options, clock: new VirtualClock(), metrics: new PolicyMetrics(registry) });
  plugin.policies.set({ apiVersion: '', kind: '', metadata: { name: 'p' }, spec: { matchConstraints, ...spec } } as unknown as KubernetesObject);
  plugin.bindings.set({ apiVersion: '', kind: '', metadata: { name: 'b' }, spec: { policyName: 'p', validationActions: ['Deny'], ...binding } } as unknown as KubernetesObject);
  return plugin;
}

const DENIED = `configmaps "a" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: `;

describe('validating admission policies', () => {
  test.each([
    { name: 'a message', spec: { validations: [{ expression: 'object.data.k != "bad"', message: 'no' }] }, detail: 'no' },
    { name: 'a message expression', spec: { validations: [{ expression: 'object.data.k != "bad"', messageExpression: '"k is " + object.data.k' }] }, detail: 'k is bad' },
    { name: 'variables', spec: { variables: [{ name: 'v', expression: 'object.data.k' }], validations: [{ expression: 'variables.v != "bad"' }] }, detail: 'failed expression: variables.v != "bad"' },
    { name: 'a failing expression', spec: { validations: [{ expression: 'object.data.z == "x"' }] }, detail: `expression 'object.data.z == "x"' resulted in error: no such key: z` },
  ])('denies with $name', async ({ spec, detail }) => {
    await expect(validating(spec).validate?.(attributes('bad'))).rejects.toMatchObject({ message: DENIED + detail, code: 422, reason: 'Invalid' });
  });

  test('reads parameters, and their absence denies unless allowed', async () => {
    const spec = { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'object.data.k != params.data.forbid' }] };
    const ref = { name: 'prm', parameterNotFoundAction: 'Deny' };
    await expect(validating(spec, { paramRef: ref }).validate?.(attributes('bad'))).rejects.toThrow('failed expression');
    await validating(spec, { paramRef: ref }).validate?.(attributes('good'));
    await expect(validating(spec, { paramRef: { ...ref, name: 'x' } }).validate?.(attributes('good'))).rejects.toThrow('no params found for policy binding with `Deny` parameterNotFoundAction');
    await validating(spec, { paramRef: { name: 'x', parameterNotFoundAction: 'Allow' } }).validate?.(attributes('bad'));
  });

  test('Warn warns, and a failure under Ignore admits', async () => {
    const warnings: string[] = [];
    await validating({ validations: [{ expression: 'false', message: 'm' }] }, { validationActions: ['Warn'] }).validate?.(attributes('x', warnings));
    expect(warnings).toEqual(["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': m"]);
    await validating({ failurePolicy: 'Ignore', validations: [{ expression: 'object.nope' }] }).validate?.(attributes('x'));
    await validating({ matchConditions: [{ name: 'm', expression: 'object.data.k == "y"' }], validations: [{ expression: 'false' }] }).validate?.(attributes('x'));
  });
});

test.each([
  { name: 'denied', spec: { validations: [{ expression: 'object.data.k == "good"' }] }, actions: ['Deny'], counted: ['deny'] },
  { name: 'warned and audited', spec: { validations: [{ expression: 'object.data.k == "good"' }] }, actions: ['Warn', 'Audit'], counted: ['audit', 'warn'] },
  { name: 'ignored', spec: { validations: [{ expression: 'object.data.absent == "x"' }], failurePolicy: 'Ignore' as const }, actions: ['Deny'], counted: ['allow'] },
  { name: 'passed', spec: { validations: [{ expression: 'object.data.k == "bad"' }] }, actions: ['Deny'], counted: [] },
])('a check that is $name is counted so', async ({ spec, actions, counted }) => {
  const registry = new MetricsRegistry();
  const plugin = validating(spec, { validationActions: actions }, registry);
  await Promise.resolve(plugin.validate?.(attributes('bad'))).catch(() => undefined);
  const lines = registry.text().split('\n').filter((line) => line.startsWith('apiserver_validating_admission_policy_check_total{'));
  expect(lines).toEqual(counted.map((action) => `apiserver_validating_admission_policy_check_total{enforcement_action="${action}",error_type="invalid_error",policy="p",policy_binding="b"} 1`));
});

test('mutating policies apply configurations and JSON patches in order, on a copy', async () => {
  const plugin = mutatingPolicies({ ...options, clock: new VirtualClock() });
  const spec: MutatingAdmissionPolicySpec = {
    matchConstraints,
    mutations: [
      { patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{metadata: Object.metadata{labels: {"m": "1"}}}' } },
      { patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: "add", path: "/data/n", value: object.metadata.labels.m}]' } },
    ],
  };
  plugin.policies.set({ apiVersion: '', kind: '', metadata: { name: 'p' }, spec } as unknown as KubernetesObject);
  plugin.bindings.set({ apiVersion: '', kind: '', metadata: { name: 'b' }, spec: { policyName: 'p' } } as unknown as KubernetesObject);
  const given = attributes('v');
  const object = await plugin.mutate?.(given);
  expect(object).toMatchObject({ metadata: { name: 'a', labels: { m: '1' } }, data: { k: 'v', n: '1' } });
  expect(given.object?.metadata.labels).toBeUndefined();
});

test('expressions are checked in the scope that their place has', () => {
  const checks = policyExpressionChecks({ variables: [{ name: 'a', expression: '1' }, { name: 'b', expression: 'variables.a' }] });
  expect(checks.validation('variables.a == 1')).toBeUndefined();
  expect(checks.validation('variables.c == 1')).toContain("undefined field 'c'");
  expect(checks.variable(1)('variables.a')).toBeUndefined();
  const reversed = policyExpressionChecks({ variables: [{ name: 'b', expression: 'variables.a' }, { name: 'a', expression: '1' }] });
  expect(reversed.variable(0)('variables.a')).toContain("undefined field 'a'");
  expect(checks.condition('params.x == 1')).toContain("undeclared reference to 'params' (in container '')");
  expect(checks.mutation('JSONPatch')('1')).toBe('must evaluate to list(JSONPatch) but got int');
  expect(checks.mutation('ApplyConfiguration')('Object{spec: Object.spec{a: 1}}')).toBeUndefined();
  expect(checks.auditValue('1')).toBe('must evaluate to one of [string null_type] but got int');
});

import { expect, test } from 'vitest';
import type { ValidatingAdmissionPolicy } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import { FieldErrors } from '../validation/field-errors.ts';
import { FieldPath } from '../validation/field-path.ts';
import type { StrategyContext } from '../generic/strategy.ts';
import { validatingAdmissionPolicyStrategy } from './policy-strategies.ts';
import { checkMatchConditions } from './rules.ts';

const CONTEXT: StrategyContext = { now: 0, user: { name: 'u', groups: [] }, dryRun: false, version: 'v1' };

function policy(spec: Partial<ValidatingAdmissionPolicy['spec']>): ValidatingAdmissionPolicy {
  const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }];
  const object: ValidatingAdmissionPolicy = {
    apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'p' },
    spec: { matchConstraints: { resourceRules }, validations: [{ expression: 'true' }], ...spec },
  };
  validatingAdmissionPolicyStrategy.applyDefaults?.(object);
  return object;
}

test.each([
  { spec: { validations: [{ expression: '1' }] }, field: 'spec.validations[0].expression' },
  { spec: { validations: [{ expression: 'true', messageExpression: '1' }] }, field: 'spec.validations[0].messageExpression' },
  { spec: { variables: [{ name: 'a', expression: 'nope' }] }, field: 'spec.variables[0].expression' },
  { spec: { auditAnnotations: [{ key: 'a', valueExpression: '1' }] }, field: 'spec.auditAnnotations[0].valueExpression' },
  { spec: { matchConditions: [{ name: 'a', expression: 'params.x' }] }, field: 'spec.matchConditions[0].expression' },
])('a bad expression is refused at $field', ({ spec, field }) => {
  expect(validatingAdmissionPolicyStrategy.validate(policy(spec), CONTEXT).map((error) => error.field)).toEqual([field]);
});

test('a policy whose expressions compile is accepted', () => {
  expect(validatingAdmissionPolicyStrategy.validate(policy({ variables: [{ name: 'a', expression: '1' }], validations: [{ expression: 'variables.a == 1' }] }), CONTEXT)).toEqual([]);
});

test('the expression of a condition is told before its name', () => {
  const errors = new FieldErrors();
  checkMatchConditions([{ name: '', expression: ' bad ' }], { path: new FieldPath('c'), errors, check: (source) => `no ${source}` });
  expect(errors.list.map(({ field, detail }) => `${field} ${detail}`)).toEqual(['c[0].expression no bad', 'c[0].name ']);
});

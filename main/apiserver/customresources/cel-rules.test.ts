import { expect, test } from 'vitest';
import { formatFieldError } from '../../../kube/apimachinery/field-error.ts';
import { VirtualClock } from '../../../kube/apimachinery/virtual-clock.ts';
import { celLibrary } from '../cel/cel-environment.ts';
import { CelRules } from './cel-rules.ts';
import type { JsonSchema } from './json-schema.ts';

function errors(rule: object, { value, old, type }: { readonly value: unknown; readonly old?: unknown; readonly type?: JsonSchema }): string[] {
  const spec: JsonSchema = { type: 'object', properties: { a: { type: 'integer' }, 'a-b': { type: 'integer' }, b: { type: 'string' } }, ...type, 'x-kubernetes-validations': [rule] };
  const before = old === undefined ? undefined : { spec: old };
  return new CelRules({ type: 'object', properties: { spec } }, celLibrary).validate({ spec: value }, before, []).errors.map(formatFieldError);
}

test.each([
  { name: 'a failed rule', rule: { rule: 'self.a > 3' }, value: { a: 1 }, want: ['spec: Invalid value: failed rule: self.a > 3'] },
  { name: 'a kept rule', rule: { rule: 'self.a > 3' }, value: { a: 5 }, want: [] },
  { name: 'a message of its own', rule: { rule: 'self.a > 3', messageExpression: '"a is " + string(self.a)' }, value: { a: 1 }, want: ['spec: Invalid value: a is 1'] },
  { name: 'a reason and a path', rule: { rule: 'self.a > 3', reason: 'FieldValueForbidden', message: 'm', fieldPath: '.a' }, value: { a: 1 }, want: ['spec.a: Forbidden: m'] },
  { name: 'a missing field', rule: { rule: 'self.a > 3' }, value: { b: 'x' }, want: ['spec: Invalid value: "object": no such key: a evaluating rule: self.a > 3'] },
  { name: 'an escaped name', rule: { rule: 'self.a__dash__b > 1' }, value: { 'a-b': 2 }, want: [] },
  { name: 'a transition without history', rule: { rule: 'self.a == oldSelf.a' }, value: { a: 1 }, want: [] },
  { name: 'a transition', rule: { rule: 'self.a == oldSelf.a', message: 'immutable' }, value: { a: 1 }, old: { a: 2 }, want: ['spec: Invalid value: immutable'] },
  { name: 'an optional history', rule: { rule: 'oldSelf.hasValue() || self.a == 1', optionalOldSelf: true }, value: { a: 1 }, want: [] },
])('$name', ({ rule, value, old, want }) => {
  expect(errors(rule, { value, old })).toEqual(want);
});

test('rules wait until the schema is satisfied', () => {
  const rules = new CelRules({ type: 'object', 'x-kubernetes-validations': [{ rule: 'true' }] }, celLibrary);
  const [error] = rules.validate({}, undefined, [{ type: 'FieldValueRequired', field: 'spec', detail: '' }]).errors;
  expect(error?.detail).toContain('some validation rules were not checked');
});

test('the meter is told of each compilation and evaluation', () => {
  const told: string[] = [];
  const meter = { compiled: () => void told.push('compiled'), evaluated: () => void told.push('evaluated') };
  const schema = { type: 'object', properties: { n: { type: 'integer' } }, 'x-kubernetes-validations': [{ rule: 'self.n > 0' }] } as JsonSchema;
  const rules = new CelRules(schema, celLibrary, { timing: { clock: new VirtualClock(), meter } });
  rules.validate({ n: 1 }, undefined, []);
  rules.validate({ n: 2 }, undefined, []);
  expect(told).toEqual(['compiled', 'evaluated', 'evaluated']);
});

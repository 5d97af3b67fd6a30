import { describe, expect, test } from 'vitest';
import { formatFieldError } from '../../../kube/apimachinery/field-error.ts';
import type { JsonSchema } from './json-schema.ts';
import { withoutUnchanged } from './ratcheting.ts';
import { validateListTypes, validateValue } from './schema-validator.ts';

const intOrString: JsonSchema = { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] };
const cases: readonly { readonly name: string; readonly schema: JsonSchema; readonly value: unknown; readonly errors: readonly string[] }[] = [
  { name: 'a wrong type', schema: { type: 'integer' }, value: 'x', errors: ['f: Invalid value: "string": f in body must be of type integer: "string"'] },
  {
    name: 'a fraction', schema: { type: 'integer' }, value: 1.5,
    errors: ['f: Invalid value: "number": f in body must be of type integer: "number"', '<nil>: Invalid value: "": Checked value must be of type integer (default format) in f'],
  },
  { name: 'an integer as number', schema: { type: 'number' }, value: 1, errors: [] },
  { name: 'a short list', schema: { type: 'array', minItems: 1, items: { type: 'string' } }, value: [], errors: ['f: Invalid value: 0: f in body should have at least 1 items'] },
  { name: 'a long list', schema: { type: 'array', maxItems: 1, items: { type: 'string' } }, value: ['a', 'b'], errors: ['f: Too many: 2: must have at most 1 item'] },
  { name: 'an item', schema: { type: 'array', items: { type: 'integer' } }, value: [1, 'x'], errors: ['f[1]: Invalid value: "string": f[1] in body must be of type integer: "string"'] },
  { name: 'a missing member', schema: { type: 'object', required: ['a'] }, value: {}, errors: ['f.a: Required value'] },
  { name: 'an enumeration', schema: { type: 'string', enum: ['a', 'b'] }, value: 'c', errors: ['f: Unsupported value: "c": supported values: "a", "b"'] },
  { name: 'a pattern', schema: { type: 'string', pattern: '^a+$' }, value: 'b', errors: ["f: Invalid value: \"b\": f in body should match '^a+$'"] },
  { name: 'a format', schema: { type: 'string', format: 'date' }, value: '2020', errors: ['f: Invalid value: "2020": f in body must be of type date: "2020"'] },
  { name: 'a format without a type', schema: { format: 'ipv4' }, value: 'x', errors: ['f: Invalid value: "x": f in body must be of type ipv4: "x"'] },
  {
    name: 'of alternatives the one that says most',
    schema: { type: 'object', oneOf: [{ properties: { a: { enum: ['x'] }, b: { format: 'ipv4' } } }, { properties: { a: { not: { enum: ['x'] } } } }], properties: { a: { type: 'string' }, b: { type: 'string' } } },
    value: { a: 'x', b: 'y' }, errors: ['<nil>: Invalid value: "": "f" must validate one and only one schema (oneOf). Found none valid', 'f.b: Invalid value: "y": f.b in body must be of type ipv4: "y"'],
  },
  { name: 'a maximum', schema: { type: 'integer', maximum: 3 }, value: 5, errors: ['f: Invalid value: 5: f in body should be less than or equal to 3'] },
  { name: 'an allowed null', schema: { type: 'string', nullable: true }, value: null, errors: [] },
  {
    name: 'int-or-string', schema: intOrString, value: true,
    errors: ['f: Invalid value: "boolean": f in body must be of type integer,string: "boolean"', '<nil>: Invalid value: "": "f" must validate at least one schema (anyOf)', 'f: Invalid value: "boolean": f in body must be of type integer: "boolean"'],
  },
];

describe('values against their schema', () => {
  test.each(cases)('$name', ({ schema, value, errors }) => {
    expect(validateValue(value, schema, { field: 'f' }).map(formatFieldError)).toEqual(errors);
  });

  test('sets and maps refuse repeated items', () => {
    const set: JsonSchema = { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } };
    expect(validateListTypes(['a', 'b', 'a'], set, 'f').map(formatFieldError)).toEqual(['f[2]: Duplicate value: "a"']);
    const map: JsonSchema = { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items: { type: 'object' } };
    expect(validateListTypes([{ k: 1, v: 1 }, { k: 1, v: 2 }], map, 'f').map(formatFieldError)).toEqual(['f[1]: Duplicate value: {"k":1}']);
  });

  test('an update is not blamed for what it leaves alone', () => {
    const schema: JsonSchema = { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'integer' } } };
    const errors = validateValue({ a: 'x', b: 'y' }, schema, { field: '' });
    expect(withoutUnchanged(errors, { a: 'x', b: 'y' }, { a: 'x', b: 1 }).map(({ field }) => field)).toEqual(['b']);
  });
});

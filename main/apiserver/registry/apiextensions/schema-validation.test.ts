import { describe, expect, it } from 'vitest';
import type { JSONSchemaProps } from '../../../../kube/api/generated/apiextensions/v1.ts';
import { FieldErrors } from '../validation/field-errors.ts';
import { FieldPath } from '../validation/field-path.ts';
import { celLibrary } from '../../cel/cel-environment.ts';
import { checkSchema } from './schema-validation.ts';

function problemsOf(size: JSONSchemaProps): string[] {
  const errors = new FieldErrors();
  checkSchema({ type: 'object', properties: { size } }, new FieldPath('schema'), errors, { library: celLibrary(), hasStatus: false, isUnchanged: false });
  return errors.list.map(({ field, detail }) => `${field}: ${detail}`);
}

describe('a structural schema', () => {
  it('names the type of each field', () => {
    expect(problemsOf({})).toEqual(['schema.properties[size].type: must not be empty for specified object fields']);
  });

  it('needs no type for integers or strings', () => {
    expect(problemsOf({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] })).toEqual([]);
  });

  it('says types outside of alternatives', () => {
    expect(problemsOf({ type: 'integer', anyOf: [{ type: 'integer' }] })).toEqual([
      'schema.properties[size].anyOf[0].type: must be empty to be structural',
    ]);
  });

  it('wants keys of list maps required or defaulted', () => {
    const items: JSONSchemaProps = { type: 'object', properties: { k: { type: 'string' } } };
    const list: JSONSchemaProps = { type: 'array', items, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] };
    expect(problemsOf(list)).toHaveLength(1);
    expect(problemsOf({ ...list, items: { ...items, required: ['k'] } })).toEqual([]);
  });
});

import { describe, expect, test } from 'vitest';
import type { JsonSchema } from './json-schema.ts';
import { applyDefaults, dropNulls, prune } from './structural.ts';

const schema: JsonSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        a: { type: 'integer', default: 5 },
        n: { type: 'string', nullable: true, default: 'z' },
        open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { k: { type: 'object', properties: { i: { type: 'integer' } } } } },
        list: { type: 'array', items: { type: 'object', properties: { k: { type: 'string', default: 'd' } } } },
        map: { type: 'object', additionalProperties: { type: 'object', properties: { q: { type: 'integer', default: 1 } } } },
      },
    },
  },
};

describe('structural schemas', () => {
  test('drop what they do not declare, and say so', () => {
    const value = { kind: 'X', metadata: {}, spec: { b: 1, open: { x: { y: 1 }, k: { i: 1, z: 1 } }, list: [{ k: 'v', l: 1 }] } };
    const unknown: string[] = [];
    prune(value, schema, { isObjectRoot: true, onUnknown: (path) => void unknown.push(path) });
    expect(value).toEqual({ kind: 'X', metadata: {}, spec: { open: { x: { y: 1 }, k: { i: 1 } }, list: [{ k: 'v' }] } });
    expect(unknown).toEqual(['spec.b', 'spec.open.k.z', 'spec.list[0].l']);
  });

  test('fill in defaults where a value is absent or an unwanted null', () => {
    const value = { spec: { a: null, n: null, list: [{}, { k: 'v' }], map: { m: {} } } };
    dropNulls(value, schema);
    applyDefaults(value, schema);
    expect(value).toEqual({ spec: { a: 5, n: null, list: [{ k: 'd' }, { k: 'v' }], map: { m: { q: 1 } } } });
  });

  test('do not take inherited names for properties', () => {
    const value = JSON.parse('{"spec":{"constructor":1,"__proto__":{"x":1},"toString":2}}') as Record<string, unknown>;
    prune(value, schema, { isObjectRoot: true });
    expect(Object.keys(value['spec'] as object)).toEqual([]);
  });
});

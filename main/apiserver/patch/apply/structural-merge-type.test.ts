import { expect, it } from 'vitest';
import { managedFieldsOf, serverSideApply, trackUpdate } from './field-manager.ts';
import type { FieldScope } from './field-scope.ts';
import { mergeTypeOfCustomResource } from './structural-merge-type.ts';

const type = mergeTypeOfCustomResource({
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        replicas: { type: 'integer' },
        port: { 'x-kubernetes-int-or-string': true },
        items: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name', 'protocol'],
          items: { type: 'object', properties: { name: { type: 'string' }, protocol: { type: 'string', default: 'TCP' }, x: { type: 'string' } } },
        },
        size: { type: 'string', format: 'int64' },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        atomic: { type: 'object', 'x-kubernetes-map-type': 'atomic', additionalProperties: { type: 'string' } },
      },
    },
  },
});
const scope: FieldScope = { kind: { group: 'x.io', version: 'v1', kind: 'X' }, type };
const object = (spec: object): Record<string, unknown> => ({ apiVersion: 'x.io/v1', kind: 'X', metadata: { name: 'n' }, spec });
const apply = (spec: object): Record<string, unknown> => serverSideApply(scope, { live: undefined, applied: object(spec), manager: 'm', force: false, nowMs: 0 });

it('tracks custom resources by their structural schema', () => {
  const applied = apply({ replicas: 1, port: 'http', items: [{ name: 'a', x: '1' }], free: { a: { b: [1] } }, atomic: { k: 'v' } });
  expect(managedFieldsOf(applied)?.[0]?.fieldsV1).toEqual({
    'f:spec': {
      'f:replicas': {},
      'f:port': {},
      'f:items': { 'k:{"name":"a","protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:x': {} } },
      'f:free': { 'f:a': { '.': {}, 'f:b': {} } },
      'f:atomic': {},
    },
  });
});

it('refuses what the schema does not declare', () => {
  expect(() => apply({ bogus: 1 })).toThrow('failed to create typed patch object (/n; x.io/v1, Kind=X): .spec.bogus: field not declared in schema');
  expect(() => apply({ replicas: 'x' })).toThrow('.spec.replicas: expected numeric (int or float), got string');
  expect(() => apply({ size: 1 })).not.toThrow();
});

it('deduces everything where there is no schema, and owns the spec that a create brings', () => {
  const bare: FieldScope = { kind: scope.kind };
  const created = trackUpdate(bare, { live: undefined, next: object({ list: [1, 2], map: { a: 1 } }), manager: 'm', nowMs: 0 });
  expect(managedFieldsOf(created)?.[0]?.fieldsV1).toEqual({ 'f:spec': { '.': {}, 'f:list': {}, 'f:map': { '.': {}, 'f:a': {} } } });
});

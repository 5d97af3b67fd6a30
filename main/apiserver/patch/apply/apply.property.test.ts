import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepEqual, isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { compareTyped } from './compare-typed.ts';
import { managedFieldsOf, serverSideApply, trackUpdate } from './field-manager.ts';
import type { Fields, FieldScope } from './field-scope.ts';
import { difference, equalSets, fieldSetOf, intersection, isEmptySet, pathsOf, union, type FieldSet } from './field-set.ts';
import { decodeFieldSet, encodeFieldSet } from './fields-v1.ts';
import type { MergeType } from './merge-type.ts';
import { mergeTyped } from './merge-typed.ts';
import { removeFields } from './remove-fields.ts';
import { fieldSetOfValue } from './typed-field-set.ts';

/** Properties that hold for all objects; a failing run prints its seed. */

const scalar: MergeType = { scalar: 'untyped' };
const item: MergeType = { map: { atomic: false, field: (name) => (name === 'name' || name === 'x' || name === 'y' ? { type: scalar } : undefined) } };
const spec: MergeType = {
  map: {
    atomic: false,
    field: (name) => {
      if (name === 'items') return { type: { list: { relationship: 'map', keys: ['name'], element: () => item } } };
      if (name === 'set') return { type: { list: { relationship: 'set', keys: [], element: () => scalar } } };
      if (name === 'atomic') return { type: { list: { relationship: 'atomic', keys: [], element: () => scalar } } };
      if (name === 'map') return { type: { map: { atomic: false, field: () => undefined, element: () => scalar } } };
      return name === 'leaf' ? { type: scalar } : undefined;
    },
  },
};
const root: MergeType = {
  map: { atomic: false, field: (name) => (name === 'spec' ? { type: spec } : { type: name === 'metadata' ? { map: { atomic: false, field: () => undefined, element: () => scalar } } : scalar }) },
};
const scope: FieldScope = { kind: { group: 'x.io', version: 'v1', kind: 'X' }, type: root };

const value = fc.constantFrom('1', '2', '3');
const items = fc.uniqueArray(fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), x: value, y: value }, { requiredKeys: ['name'] }), { selector: ({ name }) => name, minLength: 1 });
const specs = fc.record(
  {
    items,
    set: fc.uniqueArray(value, { minLength: 1 }),
    atomic: fc.array(value, { minLength: 1 }),
    map: fc.dictionary(fc.constantFrom('p', 'q', 'r'), value, { minKeys: 1 }),
    leaf: value,
  },
  { requiredKeys: [] },
);
const objects = specs.map((member): Fields => ({ apiVersion: 'x.io/v1', kind: 'X', metadata: { name: 'n' }, ...(Object.keys(member).length > 0 ? { spec: member } : {}) }));
const stored = (object: Fields): Fields => ({ ...object, metadata: { ...(object['metadata'] as Fields), uid: 'u' } });
const apply = (live: Fields | undefined, applied: Fields, manager: string, force = true): Fields => stored(serverSideApply(scope, { live, applied, manager, force, nowMs: 0 }));

const paths = fc.array(fc.array(fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'v:1'), { minLength: 1, maxLength: 4 }));
const sets = paths.map((list): FieldSet => fieldSetOf(...list));

describe('field sets', () => {
  it('survive FieldsV1', () => {
    fc.assert(fc.property(sets, (set) => equalSets(decodeFieldSet(encodeFieldSet(set)), set)));
  });
  it('obey the laws of sets', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        expect(equalSets(union(difference(a, b), intersection(a, b)), a)).toBe(true);
        expect(isEmptySet(intersection(difference(a, b), b))).toBe(true);
        expect(equalSets(union(a, b), union(b, a))).toBe(true);
      }),
    );
  });
});

describe('typed values', () => {
  it('a, with what b removed taken out and b merged in, has the fields and values of b', () => {
    fc.assert(
      fc.property(objects, objects, (a, b) => {
        const { removed } = compareTyped(a, b, root);
        const merged = mergeTyped(removeFields(a, removed, root), b, root);
        expect(compareTyped(b, merged, root)).toEqual(compareTyped(b, b, root));
      }),
    );
  });
  it('merging a value into itself changes nothing', () => {
    fc.assert(fc.property(objects, (a) => deepEqual(mergeTyped(a, a, root), a)));
  });
});

describe('server-side apply', () => {
  it('is idempotent', () => {
    fc.assert(
      fc.property(objects, objects, (live, applied) => {
        const once = apply(apply(undefined, live, 'one'), applied, 'two');
        expect(apply(once, applied, 'two')).toEqual(once);
      }),
    );
  });

  it('sets every field of the applied object', () => {
    fc.assert(
      fc.property(objects, objects, (live, applied) => {
        const result = apply(apply(undefined, live, 'one'), applied, 'two');
        for (const path of pathsOf(fieldSetOfValue(applied, root))) expect(pathsOf(fieldSetOfValue(result, root)).some((other) => deepEqual(other, path))).toBe(true);
        expect(compareTyped(applied, result, root).modified).toEqual(compareTyped(applied, applied, root).modified);
      }),
    );
  });

  it('never loses a field that somebody owns', () => {
    const step = fc.record({ object: objects, manager: fc.constantFrom('one', 'two', 'three'), kind: fc.constantFrom('apply', 'update') });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
        let live: Fields | undefined;
        for (const { object, manager, kind } of steps) {
          live = kind === 'apply' ? apply(live, object, manager) : stored(trackUpdate(scope, { live, next: object, manager, nowMs: 0 }));
          expectOwnedFieldsExist(live);
        }
      }),
    );
  });
});

function expectOwnedFieldsExist(object: Fields): void {
  const present = fieldSetOfValue(object, root);
  const withParents = fieldSetOf(...[...pathsOf(present)].flatMap((path) => path.map((_, index) => path.slice(0, index + 1))));
  for (const { fieldsV1 } of managedFieldsOf(object) ?? []) {
    const missing = difference(decodeFieldSet(fieldsV1), withParents);
    expect([...pathsOf(missing)].filter((path) => isJsonObject(object) && path.length > 0)).toEqual([]);
  }
}

import { expect, test } from 'vitest';
import { SeededRandom } from '../apimachinery/seeded-random.ts';
import { type FieldSchema, type ObjectSchema, schemaOfField, schemaOfKind } from './schema.ts';
import { toTyped, wasGivenEmpty } from './typed-object.ts';

const kinds = [
  ['', 'Pod'], ['', 'Service'], ['', 'Node'], ['apps', 'Deployment'], ['apps', 'StatefulSet'], ['batch', 'CronJob'], ['networking.k8s.io', 'Ingress'],
  ['rbac.authorization.k8s.io', 'ClusterRole'], ['apiextensions.k8s.io', 'CustomResourceDefinition'], ['admissionregistration.k8s.io', 'ValidatingAdmissionPolicy'],
  ['node.k8s.io', 'RuntimeClass'], ['resource.k8s.io', 'ResourceSlice'],
] as const;

/** An unknown member that somebody wants to hear of sends the whole object through the careful walk. */
function carefully(schema: ObjectSchema, value: Record<string, unknown>, nulls: boolean): Record<string, unknown> {
  return toTyped(schema, { ...value, notAField: 1 }, { nulls, onUnknownField: () => {} });
}

test.each(kinds)('%s %s: both walks make the same of random objects, good and bad ones', (group, kind) => {
  const schema = schemaOfKind({ group, version: 'v1', kind });
  if (!schema) throw new Error(`no schema of ${kind}`);
  const random = new SeededRandom(1);
  let good = 0;
  for (let round = 0; round < 400; round++) {
    const value = { ...randomObject(schema, random, { depth: 7, badness: round % 2 === 0 ? 0 : 0.002 }), ...(round % 3 === 0 ? { kind, apiVersion: 'x/v1' } : {}) };
    const nulls = round % 4 < 2;
    const quick = outcome(() => toTyped(schema, value, { nulls }));
    expect(quick).toEqual(outcome(() => carefully(schema, value, nulls)));
    if (quick.error === undefined) good++;
  }
  expect(good).toBeGreaterThan(200);
});

interface Outcome {
  readonly error?: string;
  /** With the order of the members. */
  readonly json?: string;
  readonly empties?: readonly string[];
}

function outcome(make: () => Record<string, unknown>): Outcome {
  try {
    const object = make();
    return { json: JSON.stringify(object), empties: emptiesOf(object, '') };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

function emptiesOf(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return [...(wasGivenEmpty(value) ? [path] : []), ...Object.entries(value).flatMap(([name, member]) => emptiesOf(member, `${path}.${name}`))];
}

interface Wish {
  readonly depth: number;
  /** The share of members that have another type. */
  readonly badness: number;
}

function randomObject(schema: ObjectSchema, random: SeededRandom, wish: Wish): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  const fields = [...schema.fields.values()].toSorted(() => random.next() - 0.5);
  const share = wish.depth > 4 ? 0.6 : 0.25;
  for (const field of fields) if (random.next() < share) object[field.name] = randomField(field, random, wish);
  return object;
}

function randomField(field: FieldSchema, random: SeededRandom, wish: Wish): unknown {
  if (random.next() < 0.1) return null;
  const count = Math.floor(random.next() * 3);
  if (field.container === 'list') return Array.from({ length: count }, () => randomValue(field, random, wish));
  if (field.container === 'map') return Object.fromEntries(Array.from({ length: count }, () => [pick(random, ['b', 'a', '10', '9', 'c/d']), randomValue(field, random, wish)]));
  return randomValue(field, random, wish);
}

function randomValue(field: FieldSchema, random: SeededRandom, { depth, badness }: Wish): unknown {
  if (random.next() < badness) return pick(random, [1, 'text', true, [], {}, 1.5]);
  switch (field.kind) {
    case 'object': {
      const schema = schemaOfField(field);
      return schema === undefined || depth === 0 ? {} : randomObject(schema, random, { depth: depth - 1, badness });
    }
    case 'string':
      return pick(random, ['', 'text', 'other']);
    case 'boolean':
      return random.next() < 0.5;
    case 'int32':
    case 'int64':
    case 'double':
      return pick(random, [0, 1, 70]);
    case 'quantity':
      return pick(random, ['0', '1', '500m', '0.5', '1024Mi', 2, '1.2345m']);
    case 'intOrString':
      return pick(random, ['http', 80, 0]);
    case 'time':
    case 'microTime':
      return pick(random, ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.123456Z', '2026-01-31T03:04:05+01:00']);
    case 'duration':
      return pick(random, ['0s', '5m', '1h0m0s']);
    case 'bytes':
      return pick(random, ['', 'YWJj']);
    case 'strings':
      return pick<unknown>(random, [[], ['a']]);
    default:
      return pick<unknown>(random, [{}, { a: 1 }, { type: 'object', properties: { b: { type: 'string' } } }]);
  }
}

function pick<T>(random: SeededRandom, values: readonly T[]): T {
  return values[Math.floor(random.next() * values.length)]!;
}

import * as fc from 'fast-check';
import type { GroupVersionKind } from '../../../kube/apimachinery/gvr.ts';
import { apiVersionOf } from '../../../kube/apimachinery/gvr.ts';
import { setMember } from '../../../kube/apimachinery/json.ts';
import { messagesOf, directoryOf } from '../../../kube/api/definitions.ts';
import { servedGroupVersions } from '../../../kube/api/inventory.ts';
import { type FieldSchema, type ObjectSchema, schemaOfField, schemaOfKind } from '../../../kube/api/schema.ts';

/** Every kind that has a schema, by group version and name. */
export function builtInKinds(): GroupVersionKind[] {
  return servedGroupVersions().flatMap(({ group, version }) =>
    [...messagesOf(directoryOf(group, version)).values()].flatMap(({ name, isKind }) => {
      const gvk = { group, version, kind: name.slice(name.lastIndexOf('.') + 1) };
      return isKind && schemaOfKind(gvk) ? [gvk] : [];
    }),
  );
}

/** Text that encoders have been seen to get wrong, among others. */
export const awkwardText = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.toWellFormed()) },
  fc.constantFrom('', ' ', '__proto__', 'constructor', 'yes', 'null', '~', '1', '0x1', '1e3', '2024-01-01', '1:30', '- a', 'a: b', '# c', '"', "'", '\n', 'a\n', '\na', ' a\nb ', '\t', 'é', '\u{1f600}', '\ufeff', '\u2028', '\0', '\u0085', '|', '>', '&a', '*a', '!a', '%', '@', '`', '{', '[', ',', '?', ':', '-', '---', '...'),
);
const keys = fc.oneof(awkwardText, fc.string({ maxLength: 5 }));
const MAX_DEPTH = 6;

/** An object as a client might send it; members are present at random. */
export function objectOfKind(gvk: GroupVersionKind): fc.Arbitrary<Record<string, unknown>> {
  const schema = schemaOfKind(gvk);
  if (!schema) throw new Error(`there is no schema of ${gvk.kind}`);
  return objectOf(schema, 0).map((object) => ({ apiVersion: apiVersionOf(gvk), kind: gvk.kind, ...object }));
}

function objectOf(schema: ObjectSchema, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const fields = [...schema.fields.values()];
  if (depth > MAX_DEPTH || fields.length === 0) return fc.constant({});
  const few = depth < 2 ? 6 : 3;
  // Arbitraries of members are made when they are picked: schemas recur.
  return fc.subarray(fields, { maxLength: Math.min(few, fields.length) }).chain((picked) =>
    fc.tuple(...picked.map((field) => fieldOf(field, depth))).map((values) => Object.fromEntries(picked.map((field, index) => [field.name, values[index]]))),
  );
}

function fieldOf(field: FieldSchema, depth: number): fc.Arbitrary<unknown> {
  const one = valueOf(field, depth);
  if (field.container === 'list') return fc.array(one, { maxLength: 3 });
  if (field.container !== 'map') return one;
  return fc.array(fc.tuple(keys, one), { maxLength: 3 }).map((entries) => {
    const map: Record<string, unknown> = {};
    for (const [key, value] of entries) setMember(map, key, value);
    return map;
  });
}

const seconds = fc.date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2099-01-01T00:00:00Z'), noInvalidDate: true }).map((date) => `${date.toISOString().slice(0, 19)}Z`);
const json = fc.jsonValue({ maxDepth: 3 });
const freeObject = fc.dictionary(fc.string({ maxLength: 5 }).filter((key) => key !== '__proto__'), json, { maxKeys: 3, noNullPrototype: true });

function valueOf(field: FieldSchema, depth: number): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case 'string': return awkwardText;
    case 'boolean': return fc.boolean();
    case 'int32': return fc.integer();
    case 'int64': return fc.maxSafeInteger();
    case 'double': return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value || 0);
    case 'bytes': return fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString('base64'));
    case 'time': return seconds;
    case 'microTime': return fc.tuple(seconds, fc.nat(999_999)).map(([text, micros]) => `${text.slice(0, -1)}.${String(micros).padStart(6, '0')}Z`);
    case 'duration': return fc.nat(100_000).map((count) => `${count}s`);
    case 'quantity': return fc.tuple(fc.integer({ min: -1e6, max: 1e6 }), fc.constantFrom('', 'm', 'k', 'Ki', 'Mi', 'G', 'e3')).map(([count, suffix]) => `${count}${suffix}`);
    case 'intOrString': return fc.oneof(fc.integer(), awkwardText);
    case 'rawExtension': case 'fieldsV1': return freeObject;
    case 'any': return json;
    case 'strings': return fc.array(awkwardText, { maxLength: 3 });
    case 'schemaOrBool': return fc.boolean();
    case 'schemaOrArray': return fc.constant({ type: 'string' });
    case 'schemaOrStrings': return fc.array(awkwardText, { minLength: 1, maxLength: 2 });
    case 'object': {
      const schema = schemaOfField(field);
      return schema ? fc.constant(undefined).chain(() => objectOf(schema, depth + 1)) : fc.constant({});
    }
  }
}

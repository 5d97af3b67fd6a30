import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ObjectSchema, schemaOfKind } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import { StatusError } from '../../../kube/apimachinery/status.ts';
import { decodeBody } from './decode-body.ts';
import { awkwardText, builtInKinds, objectOfKind } from './generated-objects.fixture.ts';
import { encodeProtobufEnvelope } from './protobuf-envelope.ts';
import { readYaml } from './yaml-reader.ts';
import { writeYaml } from './yaml-writer.ts';

/** `SEED=… npm test` replays a failing run, which prints its seed. */
const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };
const runs = (count: number) => ({ ...seed, numRuns: Number(process.env['FUZZ_RUNS'] ?? count) });
const kinds = builtInKinds();
const expected = { group: '', version: 'v1', kind: 'Pod' };
const types = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

/** Only a refusal in upstream's words may come of it: anything else would be answered 500. */
function expectAnswerOrRefusal(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof StatusError) || (error.status.code ?? 500) >= 500) throw error;
  }
}

describe('decoders', () => {
  it.each(kinds.map((gvk) => ({ name: `${gvk.group}/${gvk.version} ${gvk.kind}`, gvk })))('give back a $name as JSON, YAML and protobuf carried it', ({ gvk }) => {
    fc.assert(
      fc.property(objectOfKind(gvk), (sent) => {
        // What was given empty is remembered beside the members, and is not carried on: a clone has the members alone.
        const decode = (contentType: string, body: Uint8Array): Record<string, unknown> => structuredClone(decodeBody({ contentType, body, expected: gvk, fieldValidation: 'Strict' }).object);
        const object = decode('application/json', Buffer.from(JSON.stringify(sent)));
        expect(decode('application/json', Buffer.from(JSON.stringify(object)))).toEqual(object);
        expect(decode('application/yaml', Buffer.from(writeYaml(object)))).toEqual(object);
        // Protobuf carries the zeros of structs, such as quantities, that no text spells out.
        const full = (carried: Record<string, unknown>): unknown => withoutEmpty(toTyped(schemaOfKind(gvk) as ObjectSchema, carried, { nulls: true }));
        expect(full(decode('application/vnd.kubernetes.protobuf', encodeProtobufEnvelope(object as never)))).toEqual(full(object));
      }),
      runs(15),
    );
  });

  it('refuse whatever bytes they get, or read them', () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ maxLength: 60 }).map((tail) => Buffer.concat([Buffer.from('k8s\0'), tail])));
    fc.assert(fc.property(fc.constantFrom(...types), bytes, (contentType, body) => expectAnswerOrRefusal(() => decodeBody({ contentType, body, expected }))), runs(3000));
  });

  it('refuse damaged objects, or read them', { timeout: 60_000 }, () => {
    const damage = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const object = fc.constantFrom(...kinds).chain((gvk) => fc.tuple(fc.constant(gvk), objectOfKind(gvk)));
    fc.assert(
      fc.property(object, fc.constantFrom(...types), damage, ([gvk, sent], contentType, changes) => {
        const typed = decodeBody({ contentType: types[0], body: Buffer.from(JSON.stringify(sent)), expected: gvk }).object;
        const body = { [types[0]!]: () => Buffer.from(JSON.stringify(sent)), [types[1]!]: () => Buffer.from(writeYaml(sent)), [types[2]!]: () => Buffer.from(encodeProtobufEnvelope(typed as never)) }[contentType]!();
        for (const [at, byte] of changes) body[Math.floor(at * (body.length - 1))] = byte;
        expectAnswerOrRefusal(() => decodeBody({ contentType, body, expected: gvk }));
      }),
      runs(1500),
    );
  });

  it('read wrong types in any field as a refusal', () => {
    const object = fc.constantFrom(...kinds).chain((gvk) => fc.tuple(fc.constant(gvk), objectOfKind(gvk)));
    fc.assert(
      fc.property(object, fc.jsonValue({ maxDepth: 2 }), fc.nat(), ([gvk, sent], wrong, pick) => {
        const body = Buffer.from(JSON.stringify(withOneReplaced(sent, wrong, pick)));
        expectAnswerOrRefusal(() => decodeBody({ contentType: types[0], body, expected: gvk }));
      }),
      runs(2000),
    );
  });
});

/** Protobuf cannot tell an empty list or map from none, which is null where Go always writes it. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => [key, withoutEmpty(member)] as const);
  return Object.fromEntries(members.filter(([, member]) => typeof member !== 'object' || Object.keys(member ?? {}).length > 0));
}

/** A copy with one of its values, wherever it is, replaced. */
function withOneReplaced(object: unknown, wrong: unknown, pick: number): unknown {
  const copy = structuredClone(object);
  const places: { readonly holder: Record<string, unknown>; readonly key: string }[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value)) {
      places.push({ holder: value as Record<string, unknown>, key });
      visit((value as Record<string, unknown>)[key]);
    }
  };
  visit(copy);
  const place = places[pick % Math.max(1, places.length)];
  if (place) place.holder[place.key] = wrong;
  return copy;
}

describe('YAML', () => {
  it('reads what it wrote', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 4 }, awkwardText, fc.boolean(), fc.constant(null), fc.maxSafeInteger(), fc.array(tie('any'), { maxLength: 3 }), fc.dictionary(awkwardText.filter((key) => key !== '__proto__'), tie('any'), { maxKeys: 3, noNullPrototype: true })),
    })).any;
    fc.assert(fc.property(value, (one) => {
      expect(readYaml(writeYaml({ one })).value).toEqual({ one });
    }), runs(2000));
  });
});

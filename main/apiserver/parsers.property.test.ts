import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatFieldSelector, parseFieldSelector } from '../../kube/apimachinery/field-selector.ts';
import { parseLabelSelector } from '../../kube/apimachinery/label-selector-parser.ts';
import { deepEqual, deepFreeze } from '../../kube/apimachinery/json.ts';
import { applyJsonMergePatch, createJsonMergePatch } from '../../kube/apimachinery/json-merge-patch.ts';
import { applyJsonPatch, JsonPatchError } from '../../kube/apimachinery/json-patch.ts';
import { tryParseQuantity } from '../../kube/apimachinery/quantity.ts';
import { StatusError } from '../../kube/apimachinery/status.ts';
import { schemaOfKind } from '../../kube/api/schema.ts';
import { CelEnvironment, celLibrary } from './cel/cel-environment.ts';
import { DYN } from './cel/types.ts';
import { requestInfoOf } from './filters/request-info.ts';
import { awkwardText, objectOfKind } from './negotiation/generated-objects.fixture.ts';
import { applyPatch } from './patch/apply-patch.ts';
import { decodeContinue, encodeContinue } from './storage/continue-token.ts';
import { parseResourceVersion } from './storage/resource-version.ts';

/** `SEED=… npm test` replays a failing run, which prints its seed. */
const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };
const runs = (count: number) => ({ ...seed, numRuns: Number(process.env['FUZZ_RUNS'] ?? count) });

/** What a parser throws about its input is for the client; what the language throws is a mistake of ours. */
function refusing(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError || error instanceof URIError || error instanceof SyntaxError) throw error;
  }
}

const document = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'a/b', '~', '__proto__'), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4, noNullPrototype: true });
const withoutNulls = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, fc.constantFrom('x', 1, true), fc.array(fc.constantFrom(1, 2, null), { maxLength: 3 }), fc.dictionary(fc.constantFrom('a', 'b', 'constructor'), tie('value'), { maxKeys: 3, noNullPrototype: true })),
})).value;

describe('JSON patch', () => {
  const pointer = fc.oneof(fc.array(fc.constantFrom('a', 'b', 'c', '0', '1', '-1', '-', '99', '__proto__', 'constructor', 'a~1b', '~0', '~2', ''), { maxLength: 4 }).map((parts) => parts.map((part) => `/${part}`).join('')), fc.string({ maxLength: 4 }));
  const operation = fc.oneof(fc.record({ op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'), path: pointer, from: pointer, value: fc.jsonValue({ maxDepth: 2 }) }, { requiredKeys: ['op'] }), fc.jsonValue({ maxDepth: 1 }));

  it('either refuses or makes a new document, and never changes the old one or anything shared', () => {
    fc.assert(
      fc.property(document, fc.array(operation, { maxLength: 6 }), (original, patch) => {
        try {
          applyJsonPatch(deepFreeze(structuredClone(original)), patch);
        } catch (error) {
          if (!(error instanceof JsonPatchError)) throw error;
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      runs(3000),
    );
  });
});

describe('merge patch', () => {
  it('made of two documents, turns the first into the second', () => {
    fc.assert(
      fc.property(withoutNulls, withoutNulls, (from, to) => {
        expect(deepEqual(applyJsonMergePatch(from, createJsonMergePatch(from, to)), to)).toBe(true);
      }),
      runs(2000),
    );
  });
});

describe('patches of a Deployment', () => {
  const gvk = { group: 'apps', version: 'v1', kind: 'Deployment' };
  const schema = schemaOfKind(gvk)!;
  const directive = fc.constantFrom('$patch', '$retainKeys', '$setElementOrder/containers', '$setElementOrder', '$deleteFromPrimitiveList/finalizers', '$deleteFromPrimitiveList');

  it.each(['application/strategic-merge-patch+json', 'application/merge-patch+json'] as const)('as %s are refused or applied, whatever they hold', (mediaType) => {
    const patch = fc.tuple(objectOfKind(gvk), directive, fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('', 'spec', 'metadata')).map(([object, name, value, where]) => {
      const place = where === '' ? object : object[where];
      return typeof place === 'object' && place !== null && mediaType.includes('strategic') ? (where === '' ? { ...object, [name]: value } : { ...object, [where]: { ...place, [name]: value } }) : object;
    });
    fc.assert(
      fc.property(objectOfKind(gvk), fc.oneof(patch.map((object) => JSON.stringify(object)), fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)), fc.string({ maxLength: 10 })), (current, text) => {
        try {
          applyPatch({ mediaType, text, current, schema, fieldValidation: 'Warn' });
        } catch (error) {
          // Upstream itself answers 500 with the reason for many malformed directives.
          if (!(error instanceof StatusError) || error.status.message?.includes('Internal error')) throw error;
        }
      }),
      runs(800),
    );
  });

  it('of nothing change nothing', () => {
    fc.assert(
      fc.property(objectOfKind(gvk), (current) => {
        const { patched } = applyPatch({ mediaType: 'application/strategic-merge-patch+json', text: '{}', current, schema, fieldValidation: 'Strict' });
        expect(deepEqual(patched, current)).toBe(true);
      }),
      runs(200),
    );
  });
});

describe('texts from outside', () => {
  const selectorText = fc.array(fc.oneof(fc.constantFrom('a', 'b.io/c', '=', '==', '!=', '!', ' in ', ' notin ', '(', ')', ',', '>', '<', ' ', 'x', '1', '\\', '__proto__'), awkwardText), { maxLength: 9 }).map((parts) => parts.join(''));
  const parsers: readonly { readonly name: string; readonly parse: (text: string) => unknown }[] = [
    { name: 'label selectors', parse: parseLabelSelector },
    { name: 'field selectors', parse: parseFieldSelector },
    { name: 'resource versions', parse: parseResourceVersion },
    { name: 'continue tokens', parse: (text) => decodeContinue(text, '/registry/pods/') },
    { name: 'encoded continue tokens', parse: (text) => decodeContinue(Buffer.from(text).toString('base64url'), '/registry/pods/') },
    { name: 'quantities', parse: tryParseQuantity },
    { name: 'paths', parse: (path) => requestInfoOf({ method: 'GET', path: `/${path}`, query: new URLSearchParams(path) }) },
  ];
  it.each(parsers)('are refused as $name, or read', ({ parse }) => {
    fc.assert(fc.property(fc.oneof(selectorText, awkwardText, fc.json(), fc.string({ unit: 'binary' })), (text) => refusing(() => parse(text))), runs(2000));
  });

  it('as CEL expressions have a problem, or compile', { timeout: 60_000 }, () => {
    const environment = new CelEnvironment({ library: celLibrary(), variables: { self: DYN } });
    const token = fc.constantFrom('self', '.a', '(', ')', '[', ']', '{', '}', '1', '1.0', '"x"', "'", '"""', 'r"', 'b"', '+', '-', '*', '/', '%', '==', '&&', '||', '!', '?', ':', ',', 'in', 'has(', 'self.all(', 'x', '.matches("', '.?', 'null', 'true', '0x', '1u', 'e', '\\', '\n', '//', 'cel.bind(', 'optional.of(', '__proto__', '.constructor');
    const expression = fc.oneof(fc.array(token, { maxLength: 12 }).map((parts) => parts.join(' ')), fc.string({ maxLength: 20 }), fc.nat(3000).map((depth) => '('.repeat(depth)), fc.nat(3000).map((depth) => '!'.repeat(depth) + 'true'), fc.nat(2000).map((depth) => `1${'+1'.repeat(depth)}`), fc.nat(1000).map((depth) => '['.repeat(depth) + ']'.repeat(depth)));
    fc.assert(
      fc.property(expression, (text) => {
        const { program, problem } = environment.compile(text);
        expect(typeof (program ?? problem)).toBe(program ? 'object' : 'string');
      }),
      runs(300),
    );
  });

  it('are found again in a field selector that was made of them', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ field: fc.constantFrom('metadata.name', 'spec.nodeName'), value: awkwardText, operator: fc.constantFrom('=' as const, '!=' as const) }), { maxLength: 3 }), (requirements) => {
        // Terms are sorted.
        const sorted = (list: readonly object[]): string[] => list.map((one) => JSON.stringify(Object.entries(one).toSorted())).toSorted();
        expect(sorted(parseFieldSelector(formatFieldSelector(requirements)))).toEqual(sorted(requirements));
      }),
      runs(1000),
    );
  });

  it('come back from a continue token', () => {
    const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,8}[a-z0-9])?$/).filter((text) => !text.includes('..'));
    fc.assert(
      fc.property(name, fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), { nil: undefined }), (text, revision) => {
        const point = { fromKey: `/registry/pods/${text}\0`, revision };
        expect(decodeContinue(encodeContinue(point, '/registry/pods/'), '/registry/pods/')).toEqual(point);
      }),
      runs(1000),
    );
  });
});

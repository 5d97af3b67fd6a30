import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { additionalOf, type JsonSchema, propertyOf } from './json-schema.ts';

export type SchemaPath = { readonly field: string; readonly root: string; readonly schema: JsonSchema; readonly problem?: undefined } | { readonly problem: string };

const TOKEN = /'(?:[^'\\]|\\[\s\S])*'|[.[\]]|[^.[\]']+|'[\s\S]*/g;
const ESCAPES: Readonly<Record<string, string>> = { a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', "'": "'", '\\': '\\' };
const NOWHERE = 'does not refer to a valid field';

/**
 * Where a fieldPath or a selectable field points to in a schema (upstream: apiextensions-apiserver, ValidFieldPath): `.a.b`, `['a.b']`,
 * `.map['key']`. `field` is the path as errors write it.
 */
export function resolveFieldPath(text: string, schema: JsonSchema, { allowsBrackets = true }: { readonly allowsBrackets?: boolean } = {}): SchemaPath {
  const tokens = text.match(TOKEN) ?? [];
  let at = schema;
  let field = '';
  let root = '';
  for (let index = 0; index < tokens.length;) {
    const step = readStep(tokens, index, allowsBrackets);
    if (step.problem !== undefined) return { problem: step.problem };
    const property = propertyOf(at, step.name);
    const additional = additionalOf(at);
    if (!isJsonObject(at.properties) && !additional) return { problem: NOWHERE };
    const next = isJsonObject(at.properties) ? property : additional;
    if (!next) return { problem: NOWHERE };
    field += isJsonObject(at.properties) ? (field === '' ? step.name : `.${step.name}`) : `[${step.name}]`;
    root ||= step.name;
    at = next;
    index = step.next;
  }
  return { field, root, schema: at };
}

type StepRead = { readonly name: string; readonly next: number; readonly problem?: undefined } | { readonly problem: string };

function readStep(tokens: readonly string[], index: number, allowsBrackets: boolean): StepRead {
  const [first = '', second, third] = tokens.slice(index);
  if (first === '.') return second === undefined ? { problem: 'unexpected end of JSON path' } : { name: second, next: index + 2 };
  if (first !== '[') return { problem: `expected [ or . but got: ${first}` };
  if (!allowsBrackets) return { problem: 'array notation is not allowed' };
  if (second === undefined) return { problem: 'unexpected end of JSON path' };
  if (!/^'[\s\S]*'$/.test(second) || second.length < 2) return { problem: `expected single quoted string but got ${second}` };
  const bad = /\\([^abfnrtv'\\])/.exec(second.slice(1, -1));
  if (bad) return { problem: `invalid string literal: invalid escape char ${bad[0]}` };
  if (third === undefined) return { problem: 'unexpected end of JSON path' };
  if (third !== ']') return { problem: `expected ] but got ${third}` };
  return { name: second.slice(1, -1).replaceAll(/\\(.)/g, (_, character: string) => ESCAPES[character] ?? character), next: index + 3 };
}

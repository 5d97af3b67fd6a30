import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { hasReference, recordedSteps } from '../openapi/reference.test-data.ts';
import { readYaml } from './yaml-reader.ts';
import { compareKeys, writeYaml } from './yaml-writer.ts';

describe('writeYaml', () => {
  const cases: readonly { readonly name: string; readonly value: unknown; readonly text: string }[] = [
    { name: 'nested collections', value: { b: [{ y: 1, x: [1, 2] }, 'z'], a: {}, c: [] }, text: 'a: {}\nb:\n- x:\n  - 1\n  - 2\n  "y": 1\n- z\nc: []\n' },
    { name: 'lists of lists', value: { a: [[1, [2]], []] }, text: 'a:\n- - 1\n  - - 2\n- []\n' },
    { name: 'ambiguous strings', value: { a: '1', b: 'yes', c: '2024-01-01T00:00:00Z', d: '', e: '1:30' }, text: 'a: "1"\nb: "yes"\nc: "2024-01-01T00:00:00Z"\nd: ""\ne: "1:30"\n' },
    { name: 'strings with indicators', value: { a: 'x: y', b: '*x', c: "it's", d: "'q'" }, text: "a: 'x: y'\nb: '*x'\nc: it's\nd: '''q'''\n" },
    { name: 'several lines', value: { a: 'x\n\ny\n', b: ' x\ny' }, text: 'a: |\n  x\n\n  y\nb: |2-\n   x\n  y\n' },
    { name: 'control characters', value: { a: 'x\u0001\ty' }, text: 'a: "x\\x01\\ty"\n' },
  ];
  it.each(cases)('writes $name as go-yaml does', ({ value, text }) => {
    expect(writeYaml(value)).toBe(text);
    expect(readYaml(text).value).toEqual(value);
  });

  it('folds long text after 80 columns', () => {
    const value = { description: 'word '.repeat(40).trim(), quoted: `a: ${'word '.repeat(40).trim()}` };
    const text = writeYaml(value);
    expect(text.split('\n')[0]).toBe(`description: ${'word '.repeat(14).trim()}`);
    expect(load(text)).toEqual(value);
  });

  it('sorts keys naturally', () => {
    expect(['b', 'a10', 'a9', '.', '1', 'A'].sort(compareKeys)).toEqual(['.', '1', 'A', 'a9', 'a10', 'b']);
  });

  it.skipIf(!hasReference())('writes what the reference wrote', () => {
    const texts = recordedSteps('negotiation').flatMap(({ response }) => {
      const body = response.body as { $text?: string } | null | undefined;
      return response.headers?.['content-type']?.includes('yaml') && body?.$text ? [body.$text] : [];
    });
    expect(texts.length).toBeGreaterThan(3);
    for (const text of texts) {
      // The normaliser's placeholders are no timestamps: quote none.
      const plain = text.replaceAll('"<time>"', '<time>').replaceAll('"<rv>"', '<rv>');
      expect(writeYaml(readYaml(plain).value)).toBe(plain);
    }
  });
});

describe('readYaml', () => {
  it.each([
    ['1e3', 1000], ['-3e-323', -3e-323], ['1.5', 1.5], ['.5', 0.5], ['1.', 1], ['.inf', Infinity], ['1_000', 1000], ['017', 15], ['0o17', 15], ['0x1F', 31], ['-0b101', -5], ['08', 8],
    ['99999999999999999999', 1e20], ['1:30', '1:30'], ['1e', '1e'], ['._5', '._5'], ['1.2.3', '1.2.3'], ['+12', 12], ['0x', '0x'],
  ])('takes %s for what go-yaml does', (text, value) => {
    expect(readYaml(`a: ${text}`).value).toEqual({ a: value });
  });
});

describe('what is no YAML', () => {
  it.each([
    ['a: [b\nc: d', "line 1: did not find expected ',' or ']'"],
    ['a: [b, c\nd', "line 2: did not find expected ',' or ']'"],
    ['a: {b: c', "line 1: did not find expected ',' or '}'"],
    ['a: {b: [c}', "did not find expected ',' or ']'"],
    ['x: y\na: [', 'line 2: did not find expected node content'],
    ['a: [,]', 'did not find expected node content'],
    ['a: b: c', 'mapping values are not allowed in this context'],
    ['x: y\na: b: c', 'line 2: mapping values are not allowed in this context'],
    ['a:\n  b: c\n d: e', 'line 2: did not find expected key'],
    ['- a\nb: c', "line 1: did not find expected '-' indicator"],
    ['x: y\na: "b', 'line 2: found unexpected end of stream'],
    ['a: "x\nb: c', 'line 2: found unexpected end of stream'],
    ['x: y\na: @x', 'line 2: found character that cannot start any token'],
    ['\ta: b', 'found character that cannot start any token'],
    ['a: - b', 'block sequence entries are not allowed in this context'],
    ['a: |-\n\tx', 'line 2: found a tab character where an indentation space is expected'],
    ['a: b\n\tc: d', 'line 2: found a tab character that violates indentation'],
    ['a: "\\q"', 'found unknown escape character'],
    ['a: *x', "unknown anchor 'x' referenced"],
    ['a: !!int x', 'cannot decode !!str `x` as a !!int'],
    ['<<: a', 'map merge requires map or sequence of maps as the value'],
  ])('is told of as go-yaml does: %j', (text, message) => {
    expect(() => readYaml(text)).toThrow(expect.objectContaining({ message: `yaml: ${message}` }));
  });
});

import { describe, expect, it } from 'vitest';
import { yamlDuplicateKeys } from './yaml-duplicate-keys.ts';
import { firstYamlDocument } from './yaml-documents.ts';
import { readYaml } from './yaml-reader.ts';

describe('a stream of YAML documents', () => {
  const cases = [
    { name: 'ends its first one at the next marker', text: 'a: 1\n---\nb: 2\n', first: { a: 1 } },
    { name: 'may begin with a marker, comments and a directive', text: '# c\n%YAML 1.1\n---\na: 1\n---\nb: [\n', first: { a: 1 } },
    { name: 'ends at a document end too', text: 'a: 1\n...\nb: 2\n', first: { a: 1 } },
    { name: 'may have dashes inside texts', text: 'a: |\n  ---\n  x\n', first: { a: '---\nx\n' } },
    { name: 'may be empty', text: '# nothing\n', first: null },
    { name: 'may have an empty first one', text: '---\n---\na: 1\n', first: null },
  ];
  it.each(cases)('$name', ({ text, first }) => {
    expect(readYaml(text).value ?? null).toEqual(first);
  });

  it('is left alone when it is a single document', () => {
    expect(firstYamlDocument('a: ---b\n')).toBe('a: ---b\n');
  });
});

describe('keys that a mapping has twice', () => {
  const cases = [
    { name: 'are told with the line of the later value', text: 'a: 1\nb: 2\na: 3\n', problems: ['line 3: key "a" already set in map'] },
    { name: 'are all told, inner ones first', text: 'a:\n  b: 1\n  b: 2\na:\n  c: 1\n  c: 2\n', problems: ['line 3: key "b" already set in map', 'line 6: key "c" already set in map', 'line 5: key "a" already set in map'] },
    { name: 'are told in flow mappings and lists', text: 'a: [{x: 1, "x": 2}]\n', problems: ['line 1: key "x" already set in map'] },
    { name: 'are the same only in one mapping', text: 'a:\n- k: 1\n- k: 2\n', problems: [] },
    { name: 'are told as Go prints their values', text: '1: a\n1: b\n', problems: ['line 2: key 1 already set in map'] },
    { name: 'may have block texts', text: 'a: |\n  x\na: |\n  y\n', problems: ['line 3: key "a" already set in map'] },
  ];
  it.each(cases)('$name', ({ text, problems }) => {
    expect(yamlDuplicateKeys(text, { maxDepth: 10 })).toEqual(problems);
  });

  it('do not keep the last value from being read', () => {
    expect(readYaml('a: 1\na: 2\n')).toEqual({ value: { a: 2 }, duplicateError: 'yaml: unmarshal errors:\n  line 2: key "a" already set in map' });
  });
});

import { describe, expect, it } from 'vitest';
import { formatFieldSelector, matchesFields, parseFieldSelector } from './field-selector.ts';
import { parseLabelSelector } from './label-selector-parser.ts';
import { formatLabelSelector, matchesLabels, requirementsOf, selectorMatches } from './label-selector.ts';

describe('label selector', () => {
  it.each([
    ['a=b', { a: 'b' }, true],
    ['a==b', { a: 'c' }, false],
    ['a!=b', {}, true],
    ['a in (b,c)', { a: 'c' }, true],
    ['a notin (b,c)', { a: 'c' }, false],
    ['a', { a: '' }, true],
    ['!a', { a: '' }, false],
    ['n>3', { n: '4' }, true],
    ['n<3', { n: 'x' }, false],
    ['in in (in)', { in: 'in' }, true],
    ['a in ()', { a: '' }, true],
    ['', { a: 'b' }, true],
    ['a=', { a: '' }, true],
  ])('%s against %j is %s', (text, labels, wanted) => {
    expect(matchesLabels(parseLabelSelector(text), labels as Record<string, string>)).toBe(wanted);
  });

  it.each([
    ['a=b,', "found '', expected: identifier after ','"],
    ['=a', "found '=', expected: !, identifier, or 'end of string'"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['n>x', `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`],
  ])('%s is refused', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(message);
  });

  it('says which key is bad, at the root path', () => {
    expect(() => parseLabelSelector('x'.repeat(64))).toThrow(
      `unable to parse requirement: <nil>: Invalid value: "${'x'.repeat(64)}": name part must be no more than 63 bytes`,
    );
  });

  it('is written sorted by key and value', () => {
    expect(formatLabelSelector(parseLabelSelector('z in (c,b),a=1,!m'))).toBe('a=1,!m,z in (b,c)');
  });

  it('selects nothing when absent and everything when empty', () => {
    expect(selectorMatches(undefined, {})).toBe(false);
    expect(selectorMatches({}, {})).toBe(true);
    expect(requirementsOf({ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] })).toEqual([{ key: 'a', operator: 'in', values: ['b'] }]);
    expect(() => requirementsOf({ matchExpressions: [{ key: 'a', operator: 'Nope' }] })).toThrow('"Nope" is not a valid label selector operator');
  });
});

describe('field selector', () => {
  it('matches, with absent fields as empty', () => {
    expect(matchesFields(parseFieldSelector('spec.nodeName=,metadata.name!=x'), { 'metadata.name': 'y' })).toBe(true);
    expect(matchesFields(parseFieldSelector('spec.nodeName=a\\,b'), { 'spec.nodeName': 'a,b' })).toBe(true);
    expect(formatFieldSelector(parseFieldSelector('b==a\\=b,a!=c'))).toBe('a!=c,b=a\\=b');
  });
  it.each([
    ['metadata.name in (a)', "invalid selector: 'metadata.name in (a)'; can't understand 'metadata.name in (a)'"],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
    ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
  ])('%s is refused', (text, message) => {
    expect(() => parseFieldSelector(text)).toThrow(message);
  });
});

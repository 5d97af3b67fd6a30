import { expect, test } from 'vitest';
import { parseWithLiterals } from '../../../kube/apimachinery/number-literal.ts';
import { decodeBody } from './decode-body.ts';
import { parseRepeated } from './parse-repeated.ts';

test.each([
  { name: 'objects merge at every depth', text: '{"a":{"x":1,"y":{"p":1}},"a":{"x":2,"y":{"q":2}}}', want: { a: { x: 2, y: { p: 1, q: 2 } } } },
  { name: 'lists merge by element and end where the last one ends', text: '{"a":[{"x":1},{"x":2}],"a":[{"y":3}]}', want: { a: [{ x: 1, y: 3 }] } },
  { name: 'what is of another kind is replaced', text: '{"a":{"x":1},"a":[1],"b":"1","b":2,"c":{"x":1},"c":null}', want: { a: [1], b: 2, c: null } },
  { name: 'names and values with quotes, colons and digits stay', text: '{"1":"a","1":"b\\": 1","2 x" : "3 \\\\" , "\\u0061":{"\\"":":"},"":0}', want: { 1: 'b": 1', '2 x': '3 \\', a: { '"': ':' }, '': 0 } },
])('$name', ({ text, want }) => {
  expect(parseRepeated(text, JSON.parse)).toEqual(want);
});

test('own members only, and numbers as they are written', () => {
  const value = parseRepeated('{"__proto__":{"x":1},"__proto__":{"y":1.0},"n":1.0,"n":2.0}', parseWithLiterals);
  expect(JSON.stringify(value)).toBe('{"__proto__":{"x":1,"y":1.0},"n":2.0}');
  expect(({} as { x?: number }).x).toBeUndefined();
});

test('a body whose metadata is given twice has the members of both, with a warning', () => {
  const body = Buffer.from('{"metadata":{"name":"q","labels":{"a":"1"}},"metadata":{"labels":{"b":"2"}}}');
  const { object, warnings } = decodeBody({ contentType: 'application/json', body, expected: { group: '', version: 'v1', kind: 'ConfigMap' } });
  expect(object['metadata']).toEqual({ name: 'q', labels: { a: '1', b: '2' } });
  expect(warnings).toEqual(['duplicate field "metadata"']);
});

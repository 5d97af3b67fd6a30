import { expect, test } from 'vitest';
import { comparePathElements } from './path-element.ts';

test('fields come first, then keys, values and indexes, each by content and not by text', () => {
  const ordered = [
    'f:a', 'f:b',
    'k:{"containerPort":80,"protocol":"TCP"}', 'k:{"containerPort":80,"protocol":"UDP"}', 'k:{"containerPort":443,"protocol":"TCP"}',
    'k:{"ip":"10.0.0.1"}', 'k:{"name":""}', 'k:{"name":"a"}', 'k:{"name":"a\\"b"}', 'k:{"name":"a-b"}', 'k:{"name":"b"}', 'k:{"uid":"a"}',
    'v:2', 'v:10', 'v:"a"', 'v:"b"', 'v:true',
    'i:2', 'i:10',
  ];
  expect(ordered.toReversed().sort(comparePathElements)).toEqual(ordered);
  for (const [index, a] of ordered.entries()) {
    for (const [other, b] of ordered.entries()) expect([a, b, Math.sign(comparePathElements(a, b))]).toEqual([a, b, Math.sign(index - other)]);
  }
});

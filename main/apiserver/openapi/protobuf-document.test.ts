import { expect, test } from 'vitest';
import { openApiProtobuf } from './protobuf-document.ts';

/** The length-delimited members of that number in a message. */
function members(message: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    if ((tag & 7) !== 2) {
      varint();
      continue;
    }
    const end = varint() + at;
    if (tag >> 3 === wanted) found.push(message.subarray(at, end));
    at = end;
  }
  return found;
}

const [DEFINITIONS, PROPERTIES, ITEMS] = [9, 25, 23];

test.each([
  { name: 'that may be anything', items: {} },
  { name: 'of which only an extension is said', items: { 'x-kubernetes-preserve-unknown-fields': true } },
  { name: 'of a type', items: { type: 'string' } },
])('an array with items $name has exactly one schema for them', ({ items }) => {
  const properties = { list: { type: 'array', items }, 'x-ray': { type: 'string' } };
  const document = openApiProtobuf({ swagger: '2.0', definitions: { A: { type: 'object', properties } } }, 2);
  const definition = members(members(members(document, DEFINITIONS)[0] ?? document, 1)[0] ?? document, 2)[0] ?? document;
  const named = members(members(definition, PROPERTIES)[0] ?? document, 1);
  expect(named.map((one) => Buffer.from(members(one, 1)[0] ?? []).toString())).toEqual(['list', 'x-ray']);
  const list = members(named[0] ?? document, 2)[0] ?? document;
  expect(members(members(list, ITEMS)[0] ?? document, 1)).toHaveLength(1);
});

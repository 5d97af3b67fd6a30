import { describe, expect, it } from 'vitest';
import { applyJsonPatch, JsonPatchError, maxCopied } from './json-patch.ts';

describe('applyJsonPatch', () => {
  const refused: readonly { readonly name: string; readonly patch: readonly unknown[] }[] = [
    { name: 'copies of the whole document', patch: [{ op: 'copy', from: '', path: '/a' }] },
    { name: 'moves of the whole document', patch: [{ op: 'move', from: '', path: '/a' }] },
    { name: 'additions in place of the whole document', patch: [{ op: 'add', path: '', value: {} }] },
    { name: 'a document that is no object', patch: [{ op: 'replace', path: '', value: 1 }] },
    { name: 'the way through a prototype', patch: [{ op: 'add', path: '/__proto__/polluted', value: true }] },
    { name: 'the removal of a prototype', patch: [{ op: 'remove', path: '/__proto__' }] },
  ];
  it.each(refused)('refuses $name', ({ patch }) => {
    expect(() => applyJsonPatch({ data: {} }, patch)).toThrow(JsonPatchError);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('copies nothing that is inherited: what is not there is null', () => {
    expect(applyJsonPatch({ data: {} }, [{ op: 'copy', from: '/constructor', path: '/a' }])).toEqual({ data: {}, a: null });
  });

  it('takes __proto__ for the name of a member', () => {
    const patched = applyJsonPatch({ data: {} }, [{ op: 'add', path: '/data/__proto__', value: 'x' }]);
    expect(JSON.stringify(patched)).toBe('{"data":{"__proto__":"x"}}');
  });

  it('refuses copies that double the document again and again', () => {
    const doubling = Array.from({ length: 60 }, (_, turn) => ({ op: 'copy', from: '/data', path: `/data/copy${turn}` }));
    expect(() => applyJsonPatch({ data: { a: 'x' } }, doubling)).toThrow(`exceeding the limit ${maxCopied}`);
  });

  it('refuses a document that each operation nests deeper', () => {
    const nesting = Array.from({ length: 3000 }, (_, turn) => [{ op: 'add', path: `/next${turn}`, value: {} }, { op: 'move', from: turn === 0 ? '/data' : `/next${turn - 1}`, path: `/next${turn}/deeper` }]);
    expect(() => applyJsonPatch({ data: {} }, nesting.flat())).toThrow('exceeds the max depth');
    expect(applyJsonPatch({ data: {} }, nesting.slice(0, 500).flat())).toBeDefined();
  });

  it('counts the copies of one patch together', () => {
    const copies = (count: number): unknown[] => Array.from({ length: count }, (_, turn) => ({ op: 'copy', from: '/large', path: `/copy${turn}` }));
    const document = { large: 'x'.repeat(maxCopied / 4 - 2) };
    expect(() => applyJsonPatch(document, copies(4))).not.toThrow();
    expect(() => applyJsonPatch(document, copies(5))).toThrow(JsonPatchError);
  });
});

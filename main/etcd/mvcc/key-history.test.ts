import { describe, expect, it } from 'vitest';
import { KeyHistory, type Version } from './key-history.ts';

const value = (revision: number): Version => ({
  modRevision: revision,
  rowId: revision,
  kv: { key: '/a', value: new Uint8Array([revision]), createRevision: revision, modRevision: revision, version: 1 },
});
const tombstone = (revision: number): Version => ({ modRevision: revision, rowId: revision });

/** The key of the worked example. */
function example(): KeyHistory {
  const history = new KeyHistory('/a', value(5));
  for (const version of [value(8), tombstone(9), value(12)]) history.push(version);
  return history;
}

describe('KeyHistory', () => {
  it.each([
    { revision: 4, sees: undefined },
    { revision: 5, sees: 5 },
    { revision: 8, sees: 8 },
    { revision: 11, sees: 9 },
    { revision: 99, sees: 12 },
  ])('shows a reader at $revision the version of $sees', ({ revision, sees }) => {
    expect(example().at(revision)?.modRevision).toBe(sees);
  });

  it.each([
    { revision: 4, removes: [] },
    { revision: 8, removes: [5] },
    { revision: 9, removes: [5, 8] },
    { revision: 10, removes: [5, 8, 9] },
    { revision: 50, removes: [5, 8, 9] },
  ])('compacted to $revision forgets $removes', ({ revision, removes }) => {
    const history = example();
    const { removed, empty } = history.compact(revision);
    expect([removed.map(({ modRevision }) => modRevision), empty]).toEqual([removes, false]);
    expect(history.at(99)?.modRevision).toBe(12);
    expect(history.compact(revision).removed).toEqual([]);
  });

  it('is empty once a deletion is compacted away', () => {
    const history = new KeyHistory('/a', value(5));
    history.push(tombstone(9));
    expect(history.compact(9)).toMatchObject({ empty: false });
    expect(history.compact(10)).toMatchObject({ empty: true });
  });

  it('takes back what was pushed', () => {
    const history = example();
    expect([history.pop(), history.newest.modRevision]).toEqual([true, 9]);
    expect([history.pop(), history.pop(), history.pop()]).toEqual([true, true, false]);
  });
});

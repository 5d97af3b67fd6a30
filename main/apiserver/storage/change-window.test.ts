import { describe, expect, it } from 'vitest';
import { Change } from './change.ts';
import { ChangeWindow } from './change-window.ts';
import { FrameCache } from './frame-cache.ts';
import { bareJsonHead } from './json-head.ts';
import type { TestPod } from './test-storage.fixture.ts';

const frames = new FrameCache();
const change = (revision: number): Change<TestPod> => new Change({ revision, key: `/${revision}`, current: undefined, previous: undefined, frames });
const revisions = (window: ChangeWindow<TestPod>, after: number): number[] => [...window.after(after)].map(({ revision }) => revision);

describe('the window of changes', () => {
  it('gives what came after a revision', () => {
    const window = new ChangeWindow<TestPod>(40);
    for (const revision of [41, 44, 44, 47]) window.add(change(revision));
    expect([revisions(window, 40), revisions(window, 43), revisions(window, 44), revisions(window, 99)]).toEqual([[41, 44, 44, 47], [44, 44, 47], [47], []]);
    expect(window.oldestRevision).toBe(40);
  });

  it('forgets the oldest when it is full and says from where it still knows all', () => {
    const window = new ChangeWindow<TestPod>(0);
    for (let revision = 1; revision <= 10_000; revision++) window.add(change(revision));
    const kept = revisions(window, window.oldestRevision);
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([4096, window.oldestRevision + 1, 10_000]);
  });
});

describe('the cache of frames', () => {
  it('keeps the newest, within its bytes', () => {
    const cache = new FrameCache();
    const events = Array.from({ length: 50 }, () => ({}));
    for (const event of events) cache.add(event, { head: bareJsonHead, bytes: new Uint8Array(100_000) });
    const kept = events.map((event) => cache.get(event, bareJsonHead) !== undefined);
    expect([kept.filter(Boolean).length, kept[0], kept.at(-1)]).toEqual([20, false, true]);
    expect(cache.get(events.at(-1)!, { bytes: new Uint8Array(0), asStored: false })).toBeUndefined();
  });
});

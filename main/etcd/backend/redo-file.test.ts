import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RedoFile, readRedoFile, redoFileOf } from './redo-file.ts';
import type { AppendBatch } from './sqlite-messages.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coracle-redo-'));
  path = join(directory, 'state.db');
});
afterEach(() => rmSync(directory, { recursive: true }));

function batch(key: string, bytes: number): AppendBatch {
  const rows = [
    { rowId: 1, revision: 2, key, createRevision: 2, version: 1, lease: null, length: bytes },
    { rowId: 2, revision: 2, key: `${key}-deleted`, createRevision: 0, version: 0, lease: null, length: -1 },
  ];
  return { rows, values: new Uint8Array(bytes).fill(key.length), leasesGranted: [{ id: key, ttlSeconds: 3 }], leasesRevoked: [`${key}-revoked`] };
}

test('whatever is written and saved, what is not saved is read, in order, and nothing else', { timeout: 60_000 }, async () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ type: fc.constant('append' as const), key: fc.string({ unit: 'binary', maxLength: 20 }), bytes: fc.nat(200_000) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('save' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), async (steps) => {
      using file = await RedoFile.create(path);
      let unsaved: { number: number; batch: AppendBatch }[] = [];
      let saved = 0;
      for (const one of steps) {
        if (one.type === 'append') {
          const written = batch(one.key, one.bytes);
          const number = file.append(written);
          // A record finds a place at the latest when all others are saved.
          if (number === undefined) expect(unsaved.length).toBeGreaterThan(0);
          else unsaved.push({ number, batch: written });
        } else {
          saved = Math.max(saved, Math.floor(one.part * file.number));
          unsaved = unsaved.filter(({ number }) => number > saved);
          file.saved(saved);
        }
      }
      expect(readRedoFile(path, { id: file.id, saved }).map(({ number, batch: found }) => ({ number, batch: found }))).toEqual(unsaved);
    }),
    { numRuns: 60 },
  );
});

test('a record that was cut or changed anywhere ends the log, and those before it stay', async () => {
  using file = await RedoFile.create(path);
  for (const key of ['/a', '/b', '/c']) file.append(batch(key, 10));
  const whole = readFileSync(redoFileOf(path));
  const start = whole.indexOf('"/c"') - 60;
  const end = whole.lastIndexOf('/c-revoked') + 10 + 2 + 10;
  const image = join(directory, 'image.db');
  for (let at = start + 40; at < end; at += 7) {
    const cut = Buffer.from(whole).fill(0, at);
    writeFileSync(redoFileOf(image), cut);
    expect(readRedoFile(image, { id: file.id, saved: 0 }).map(({ number }) => number), `cut at ${at}`).toEqual([1, 2]);
    const changed = Buffer.from(whole);
    changed[at]! ^= 1;
    writeFileSync(redoFileOf(image), changed);
    expect(readRedoFile(image, { id: file.id, saved: 0 }).map(({ number }) => number), `changed at ${at}`).toEqual([1, 2]);
  }
});

test('a gap is told: something between two records is gone', async () => {
  using file = await RedoFile.create(path);
  for (let i = 0; i < 3; i++) file.append(batch('/a', 600_000));
  file.append(batch('/a', 10));
  const image = join(directory, 'image.db');
  copyFileSync(redoFileOf(path), redoFileOf(image));
  expect(readRedoFile(image, { id: file.id, saved: 0 }).length).toBeGreaterThan(1);
  const bytes = readFileSync(redoFileOf(image)).fill(0, 4096, 8192);
  writeFileSync(redoFileOf(image), bytes);
  expect(() => readRedoFile(image, { id: file.id, saved: 0 })).toThrow('its redo log "image.db-redo" has a gap');
});

test('an empty file holds nothing, and says so', () => {
  writeFileSync(redoFileOf(path), '');
  expect(readRedoFile(path, { id: 5, saved: 0 })).toEqual([]);
});

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqliteStore } from './sqlite-store.ts';
import { text } from './store.contract.ts';

/** `CRASH_ROUNDS=200` for a long run. */
const rounds = Number(process.env['CRASH_ROUNDS'] ?? 4);
const writerPath = fileURLToPath(new URL('./crash-writer.fixture.ts', import.meta.url));

interface Acknowledged {
  readonly revision: number;
  readonly value: string;
}

/** Runs the writer until it has reported this many writes, then kills it. Returns the newest report of each key. */
async function writeAndCrash(path: string, { round, writes }: { readonly round: number; readonly writes: number }): Promise<Map<string, Acknowledged>> {
  const child = spawn(process.execPath, ['--no-warnings', writerPath, path, String(round)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  let lines = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    lines += chunk.split('\n').length - 1;
    if (lines >= writes) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.once('close', resolve));
  expect(errors).toBe('');
  const newest = new Map<string, Acknowledged>();
  for (const line of output.split('\n').slice(0, -1)) {
    const [revision = '', key = '', value = ''] = line.split(' ');
    newest.set(key, { revision: Number(revision), value });
  }
  return newest;
}

describe('a store whose process is killed', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'coracle-crash-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('has every acknowledged write when it is opened again, and its revision never goes back', { timeout: 30_000 + rounds * 3000 }, async () => {
    const path = join(directory, 'state.db');
    let lastRevision = 0;
    for (let round = 0; round < rounds; round++) {
      const acknowledged = await writeAndCrash(path, { round, writes: 1 + ((round * 379) % 1500) });
      await using store = await openSqliteStore({ path });
      expect(store.revision).toBeGreaterThanOrEqual(Math.max(lastRevision, ...[...acknowledged.values()].map(({ revision }) => revision)));
      lastRevision = store.revision;
      for (const [key, { revision, value }] of acknowledged) {
        const kv = (await store.range({ start: key })).kvs[0];
        // The writer may have written the key again without living to report it.
        if (kv !== undefined && kv.modRevision > revision) continue;
        if (kv === undefined && value !== '-') {
          const before = await store.range({ start: key }, { revision: Math.max(revision, store.compactRevision) });
          if (revision >= store.compactRevision) expect(before.kvs[0] === undefined ? undefined : text(before.kvs[0].value), `${key} of round ${round}`).toBe(value);
          continue;
        }
        expect(kv === undefined ? '-' : text(kv.value), `${key} of round ${round}`).toBe(value);
      }
    }
  });
});

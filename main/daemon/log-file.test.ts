import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LogFile } from './log-file.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coracle-log-'));
  path = join(directory, 'daemon.log');
});
afterEach(() => rmSync(directory, { recursive: true }));

const lines = (file = path): string[] => readFileSync(file, 'utf8').trimEnd().split('\n');

/** A disk with room for so many bytes more, then full. */
class SmallDisk {
  roomBytes = Infinity;

  readonly write = (file: number, bytes: Uint8Array): number => {
    if (this.roomBytes === 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const written = writeSync(file, bytes.subarray(0, this.roomBytes));
    this.roomBytes -= written;
    return written;
  };
}

test('a full disk loses lines, not the program, and their number is told when there is room again', () => {
  const disk = new SmallDisk();
  using log = new LogFile({ path, write: disk.write });
  log.write('one\n');
  disk.roomBytes = 2;
  log.write('two\n');
  log.write('three\n');
  disk.roomBytes = Infinity;
  log.write('four\n');
  log.write('five\n');
  expect(lines()).toEqual(['one', 'tw', '{"level":"warn","message":"lines of the log are lost: it could not be written","count":2}', 'four', 'five']);
});

test('a file that cannot be opened is tried again with the next line', () => {
  using log = new LogFile({ path: join(directory, 'logs', 'daemon.log') });
  log.write('one\n');
  using elsewhere = new LogFile({ path });
  elsewhere.write('two\n');
  expect(lines()).toEqual(['two']);
});

test('no more than two files of the size allowed are kept, across restarts too', () => {
  writeFileSync(path, `${'x'.repeat(950)}\n`);
  for (let run = 0; run < 5; run += 1) {
    using log = new LogFile({ path, maxBytes: 1000 });
    for (let line = 0; line < 20; line += 1) log.write(`${run} ${line} ${'y'.repeat(90)}\n`);
  }
  expect(statSync(path).size).toBeLessThanOrEqual(1000);
  expect(statSync(join(directory, 'daemon.1.log')).size).toBeLessThanOrEqual(1000);
  expect(lines().at(-1)).toMatch(/^4 19 y+$/u);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

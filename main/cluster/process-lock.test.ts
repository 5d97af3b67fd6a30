import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquireProcessLock, lockHolder } from './process-lock.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coracle-lock-'));
  path = join(directory, 'daemon.lock');
});
afterEach(() => rmSync(directory, { recursive: true }));

test.each([
  { name: 'of a process that has ended', text: '{"pid":4194303,"startTime":"1"}' },
  { name: 'whose pid belongs to another process by now', text: '{"pid":1,"startTime":"not its own"}' },
  { name: 'that is empty', text: '' },
  { name: 'that was cut short', text: '{"pid":12' },
  { name: 'that holds nothing', text: 'null' },
  { name: 'that holds something else', text: '["pid"]' },
  { name: 'without a start time', text: '{"pid":1}' },
  { name: 'with a pid that means a group of processes', text: '{"pid":-1,"startTime":""}' },
])('a lock $name is taken over', async ({ text }) => {
  writeFileSync(path, text);
  expect(await lockHolder(path)).toBeUndefined();
  {
    await using _lock = await acquireProcessLock(path);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
  }
  expect(existsSync(path)).toBe(false);
});

test.runIf(process.platform === 'linux')('a lock of a live process is respected, and its pid told', async () => {
  const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
  const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  writeFileSync(path, JSON.stringify({ pid: process.ppid, startTime }));
  await expect(acquireProcessLock(path)).rejects.toThrow(`the daemon with pid ${process.ppid} is running; stop it with \`coracle stop\``);
});

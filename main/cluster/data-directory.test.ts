import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDataDirectory, dataDirectory } from './data-directory.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'coracle-data-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

test('a new data directory is for its owner only, and has nothing in it but folders', async () => {
  const directory = dataDirectory(join(parent, 'data'));
  await createDataDirectory(directory);
  await createDataDirectory(directory);
  expect(statSync(directory.root).mode & 0o777).toBe(0o700);
  expect(readdirSync(directory.root).sort()).toEqual(['drivers', 'images', 'logs', 'machines', 'pki', 'store']);
});

test('a file in the place of a folder is named, with what to do', async () => {
  mkdirSync(join(parent, 'data'));
  const file = join(parent, 'data', 'store');
  writeFileSync(file, 'mine');
  await expect(createDataDirectory(dataDirectory(join(parent, 'data')))).rejects.toThrow(`Cannot use the data directory "${join(parent, 'data')}": "${file}" is not a folder; move it away and start again`);
});

test('a file in the place of the data directory is named too', async () => {
  const file = join(parent, 'data');
  writeFileSync(file, 'mine');
  await expect(createDataDirectory(dataDirectory(file))).rejects.toThrow(`"${file}" is not a folder`);
});

import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshDaemonBundle } from './fresh-daemon-bundle.ts';

let root = '';
const source = () => join(root, 'main.ts');
const out = () => join(root, 'main', 'daemon', 'dist');

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coracle-fresh-'));
  mkdirSync(out(), { recursive: true });
  writeFileSync(source(), 'one');
  writeFileSync(join(out(), 'daemon.js'), '');
  const { size, mtimeMs } = statSync(source());
  writeFileSync(join(out(), 'inputs.json'), JSON.stringify({ inputs: [{ path: 'main.ts', sizeBytes: size, modifiedMs: mtimeMs }] }));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the bundle that coracle up runs', () => {
  it('is used while its sources are what they were', () => {
    expect(freshDaemonBundle(root)).toBe(join(out(), 'daemon.js'));
  });

  it.each([
    { name: 'a source was edited', change: () => writeFileSync(source(), 'another') },
    { name: 'a source was touched', change: () => utimesSync(source(), new Date(), new Date(0)) },
    { name: 'a source has gone', change: () => rmSync(source()) },
    { name: 'nothing was bundled', change: () => rmSync(join(out(), 'daemon.js')) },
    { name: 'the record is damaged', change: () => writeFileSync(join(out(), 'inputs.json'), '{') },
  ])('is not used when $name', ({ change }) => {
    change();
    expect(freshDaemonBundle(root)).toBeUndefined();
  });
});

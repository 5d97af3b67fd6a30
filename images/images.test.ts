import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cachedBuild } from './build-cache.ts';
import { defaultCacheDirectory } from './cache-directory.ts';
import { pauseProgram } from './containers/pause-program.ts';
import { chooseMirror, parsePrintedUris } from './debian/debian-archive.ts';
import { libraryClosure, neededLibraries } from './debian/elf-libraries.ts';
import { treeTar } from './debian/file-tree-tar.ts';
import { file, normalisePath, symlink } from './debian/package-files.ts';
import type { FileTree } from './debian/package-files.ts';
import { withDependencies } from './node/kernel.ts';

let directory: string;
beforeEach(async () => { directory = await mkdtemp(join(tmpdir(), 'images-')); });
afterEach(() => rm(directory, { recursive: true, force: true }));

test('a tar of a tree depends on its content alone, not on the order of its making', async () => {
  const entries = [file('etc/a', 'a'), file('usr/bin/b', 'b', 0o755), symlink('bin', 'usr/bin')];
  const forward: FileTree = new Map(entries.map((entry) => [entry.path, entry]));
  const backward: FileTree = new Map(entries.toReversed().map((entry) => [entry.path, entry]));
  expect((await treeTar(forward)).equals(await treeTar(backward))).toBe(true);
});

test.each([
  { name: './usr/bin/x', path: 'usr/bin/x' }, { name: './bin/x', path: 'usr/bin/x' }, { name: '/lib/modules/', path: 'usr/lib/modules' },
  { name: './', path: '' }, { name: '../../etc/x', path: 'etc/x' }, { name: 'binary', path: 'binary' },
])('the path "$name" in a package is "$path" in the tree', ({ name, path }) => {
  expect(normalisePath(name)).toBe(path);
});

test("apt's list of files gives names and versions", () => {
  const listing = "'http://m/pool/z_2_amd64.deb' zlib1g_1%3a1.3-1_amd64.deb 88892 MD5Sum:1\n'http://m/pool/a.deb' apt_2.0_all.deb 1 SHA256:2\nReading lists…\n";
  expect(parsePrintedUris(listing)).toEqual([
    { name: 'apt', version: '2.0', file: 'apt_2.0_all.deb' }, { name: 'zlib1g', version: '1:1.3-1', file: 'zlib1g_1%3a1.3-1_amd64.deb' },
  ]);
});

test("the mirror is the system's own, and not its security archive", () => {
  expect(chooseMirror('http://m/debian-security/ Debian main\nhttp://x/node Node main\nhttp://m/debian/ Debian main\n')).toBe('http://m/debian/');
});

test('a build is made once for equal inputs and again for others', async () => {
  let builds = 0;
  const build = async (path: string): Promise<void> => { builds++; await writeFile(join(path, 'result'), String(builds)); };
  const recipe = join(directory, 'recipe');
  await writeFile(recipe, '1');
  const run = (): ReturnType<typeof cachedBuild> => cachedBuild({ directory: join(directory, 'cache'), inputs: ['amd64'], inputFiles: [recipe], build });
  const first = await run();
  expect(await run()).toEqual({ directory: first.directory, built: false });
  await writeFile(recipe, '2');
  expect((await run()).directory).not.toBe(first.directory);
  expect(builds).toBe(2);
});

test('a failed build leaves nothing behind', async () => {
  const cache = join(directory, 'cache');
  await expect(cachedBuild({ directory: cache, inputs: [], inputFiles: [], build: () => Promise.reject(new Error('no network')) })).rejects.toThrow('no network');
  expect(await readdir(cache)).toEqual([]);
});

test("the libraries of this machine's Node are read from its ELF header", () => {
  if (process.platform !== 'linux') return;
  const program = execFileSync('head', ['-c', '200000000', process.execPath], { maxBuffer: 300 << 20 });
  expect(neededLibraries(program)).toContain('libc.so.6');
  expect(neededLibraries(Buffer.from('#!/bin/sh\n'))).toEqual([]);
});

test('a library that is a link brings its target along', () => {
  const libraries: FileTree = new Map([symlink('usr/lib/libz.so.1', 'libz.so.1.3'), file('usr/lib/libz.so.1.3', 'content')].map((entry) => [entry.path, entry]));
  expect(libraryClosure(new Map(), libraries, ['libz.so.1']).map(({ path }) => path)).toEqual(['usr/lib/libz.so.1', 'usr/lib/libz.so.1.3']);
});

test('a kernel module brings what it depends on, however names are spelled', () => {
  const module = (depends: string): Buffer => Buffer.from(`license=GPL\0depends=${depends}\0name=x\0`);
  const modules = new Map([['k/virtio_net.ko', module('net_failover')], ['k/net-failover.ko', module('failover')], ['k/failover.ko', module('')], ['k/other.ko', module('')]]);
  expect([...withDependencies(modules, (path) => path.endsWith('virtio_net.ko'))]).toEqual(['k/virtio_net.ko', 'k/net-failover.ko', 'k/failover.ko']);
});

test.each(['amd64', 'arm64'] as const)('the pause program for %s is a small static ELF file', (architecture) => {
  const program = pauseProgram(architecture);
  expect(program.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
  expect(program.readUInt16LE(18)).toBe(architecture === 'amd64' ? 0x3e : 0xb7);
  expect(program.length).toBeLessThan(512);
});

test.each([
  { name: 'what the user says', environment: { CORACLE_CACHE_DIR: '/x' }, path: '/x' }, { name: 'the XDG folder', environment: { XDG_CACHE_HOME: '/c', HOME: '/h' }, path: '/c/coracle' },
  { name: 'the home folder', environment: { HOME: '/h' }, path: '/h/.cache/coracle' },
])('the cache is in $name', ({ environment, path }) => {
  expect(defaultCacheDirectory(environment)).toBe(path);
});

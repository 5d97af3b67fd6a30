import { mkdir, mkdtemp, readFile, readdir, readlink, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testContainer, testPod } from '../testing.ts';
import { writeAtomically } from './atomic-writer.ts';
import type { Payload } from './atomic-writer.ts';
import { containerMounts } from './container-mounts.ts';
import { prepareHostPath } from './host-path.ts';

let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'coracle-volumes-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

const payload = (files: Readonly<Record<string, string>>, mode = 0o640): Payload => new Map(Object.entries(files).map(([path, text]) => [path, { data: Buffer.from(text), mode }]));

describe('writeAtomically', () => {
  it('replaces all files at once behind ..data', async () => {
    expect(await writeAtomically(directory, payload({ a: '1', 'sub/b': '2' }))).toBe(true);
    expect(await readlink(join(directory, 'a'))).toBe('..data/a');
    expect(await readFile(join(directory, 'sub/b'), 'utf8')).toBe('2');
    expect((await stat(join(directory, 'a'))).mode & 0o777).toBe(0o640);
    const first = await readlink(join(directory, '..data'));
    await writeAtomically(directory, payload({ a: '3' }));
    expect(await readFile(join(directory, 'a'), 'utf8')).toBe('3');
    expect(await readlink(join(directory, '..data'))).not.toBe(first);
    expect((await readdir(directory)).sort()).toEqual(['..data', await readlink(join(directory, '..data')), 'a'].sort());
  });

  it('touches nothing when nothing changed', async () => {
    await writeAtomically(directory, payload({ a: '1' }));
    const before = await readlink(join(directory, '..data'));
    expect(await writeAtomically(directory, payload({ a: '1' }))).toBe(false);
    expect(await readlink(join(directory, '..data'))).toBe(before);
  });
});

describe('container mounts', () => {
  const mounts = async (volumeMount: object, volume: object = { emptyDir: {} }) => containerMounts({
    pod: testPod({ volumes: [{ name: 'v', ...volume }] }), container: testContainer('main', { volumeMounts: [{ name: 'v', mountPath: '/data', ...volumeMount }] }),
    volumes: new Map([['v', directory]]), lookup: (name) => (name === 'POD' ? 'web-0' : undefined), hostsFile: '/hosts', terminationFile: '/term',
  });

  it('add /etc/hosts and the termination log', async () => {
    expect((await mounts({})).map(({ containerPath, hostPath }) => [containerPath, hostPath])).toEqual([['/data', directory], ['/etc/hosts', '/hosts'], ['/dev/termination-log', '/term']]);
  });

  it('are read-only for what the kubelet writes', async () => {
    expect((await mounts({}, { configMap: { name: 'x' } }))[0]?.readonly).toBe(true);
    expect((await mounts({}))[0]?.readonly).toBe(false);
  });

  it('make a subPath, with variables in it', async () => {
    expect((await mounts({ subPathExpr: 'logs/$(POD)' }))[0]?.hostPath).toBe(join(directory, 'logs/web-0'));
    expect((await stat(join(directory, 'logs/web-0'))).isDirectory()).toBe(true);
  });

  it('refuse a subPath that leads out of the volume', async () => {
    await symlink('/etc', join(directory, 'out'));
    await expect(mounts({ subPath: 'out' })).rejects.toThrow('outside of the volume');
    await expect(mounts({ subPath: '../x' })).rejects.toThrow('must not contain ".."');
  });
});

describe('hostPath', () => {
  it.each([
    { name: 'makes a directory that is missing', type: 'DirectoryOrCreate', path: 'new', problem: undefined },
    { name: 'makes a file that is missing', type: 'FileOrCreate', path: 'sub/new', problem: undefined },
    { name: 'refuses a missing directory', type: 'Directory', path: 'no', problem: 'is not a directory' },
    { name: 'refuses a directory as a file', type: 'File', path: 'dir', problem: 'is not a file' },
    { name: 'checks nothing without a type', type: '', path: 'no', problem: undefined },
  ])('$name', async ({ type, path, problem }) => {
    await mkdir(join(directory, 'dir'));
    const result = prepareHostPath(join(directory, path), type);
    await (problem === undefined ? expect(result).resolves.toBeUndefined() : expect(result).rejects.toThrow(problem));
  });
});

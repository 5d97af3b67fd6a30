import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PodStatus } from '../../../kube/api/generated/core/v1.ts';
import { systemClock as clock } from '../../system-clock.ts';
import { testPod } from '../testing.ts';
import { readContainerLog } from './container-logs.ts';
import type { LogOptions } from './container-logs.ts';
import { parseLogLine } from './log-format.ts';
import { logTarget } from './log-target.ts';

const record = (second: number, text: string, { stream = 'stdout', tag = 'F' } = {}): string => `2026-01-01T00:00:0${second}.000000001Z ${stream} ${tag} ${text}\n`;
const LOG = record(1, 'one') + record(2, 'tw', { tag: 'P' }) + record(2, 'o') + record(3, 'three', { stream: 'stderr' }) + record(4, 'four');

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coracle-logs-'));
  path = join(directory, '0.log');
  await writeFile(path, LOG);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const options = (overrides: Partial<LogOptions>): LogOptions => ({ path, follow: false, timestamps: false, clock, signal: new AbortController().signal, isRunning: async () => false, ...overrides });

async function read(overrides: Partial<LogOptions> = {}): Promise<string> {
  let text = '';
  for await (const chunk of readContainerLog(options(overrides))) text += chunk.toString();
  return text;
}

describe('a container log', () => {
  it.each([
    { name: 'is read whole, partial lines joined', given: {}, text: 'one\ntwo\nthree\nfour\n' },
    { name: 'ends with its last lines', given: { tailLines: 2 }, text: 'three\nfour\n' },
    { name: 'is empty for no lines', given: { tailLines: 0 }, text: '' },
    { name: 'is whole when more lines are asked than there are', given: { tailLines: 99 }, text: 'one\ntwo\nthree\nfour\n' },
    { name: 'begins at a time', given: { sinceMs: Date.UTC(2026, 0, 1, 0, 0, 3) }, text: 'three\nfour\n' },
    { name: 'stops at a limit of bytes', given: { limitBytes: 6 }, text: 'one\ntw' },
    { name: 'shows one stream alone', given: { stream: 'stderr' as const }, text: 'three\n' },
    { name: 'shows times', given: { tailLines: 1, timestamps: true }, text: '2026-01-01T00:00:04.000000001Z four\n' },
  ])('$name', async ({ given, text }) => {
    expect(await read(given)).toBe(text);
  });

  it('is followed over a rotation until the container ends', async () => {
    let running = true;
    const lines: string[] = [];
    for await (const chunk of readContainerLog(options({ follow: true, tailLines: 1, isRunning: async () => running }))) {
      lines.push(chunk.toString());
      if (lines.length === 1) await appendFile(path, record(5, 'five'));
      if (lines.length === 2) {
        await rename(path, `${path}.old`);
        await writeFile(path, record(6, 'six'));
      }
      if (lines.length === 3) running = false;
    }
    expect(lines).toEqual(['four\n', 'five\n', 'six\n']);
  });

  it('skips what is no log record', () => {
    expect(parseLogLine('garbage')).toBeUndefined();
    expect(parseLogLine('t stdout F ')).toMatchObject({ text: '\n' });
  });
});

describe('which log is meant', () => {
  const pod = testPod();
  const waiting = (reason: string): PodStatus => ({ containerStatuses: [{ name: 'main', image: '', imageID: '', ready: false, restartCount: 0, state: { waiting: { reason } }, lastState: {} }] });
  const crashed: PodStatus = { containerStatuses: [{ name: 'main', image: '', imageID: '', ready: false, restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 1, containerID: 'containerd://old' } } }] };
  it.each([
    { name: 'a container that has not started', status: waiting('ContainerCreating'), previous: false, result: { problem: 'container "main" in pod "web" is waiting to start: ContainerCreating' } },
    { name: 'an image that cannot be pulled', status: waiting('ImagePullBackOff'), previous: false, result: { problem: 'container "main" in pod "web" is waiting to start: trying and failing to pull image' } },
    { name: 'a crashed container between restarts', status: crashed, previous: false, result: { containerId: 'old' } },
    { name: 'the attempt before', status: crashed, previous: true, result: { containerId: 'old' } },
    { name: 'an attempt before that never was', status: waiting('ContainerCreating'), previous: true, result: { problem: 'previous terminated container "main" in pod "web" not found' } },
  ])('$name', ({ status, previous, result }) => {
    expect(logTarget({ pod, status, containerName: 'main', previous })).toEqual(result);
  });
});

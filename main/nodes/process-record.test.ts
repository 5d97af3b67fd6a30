import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MachineDirectory } from './machine-directory.ts';
import { endProcess, isRunning, recordProcess } from './process-record.ts';

let directory: string;
beforeEach(async () => { directory = await mkdtemp(join(tmpdir(), 'machines-')); });
afterEach(() => rm(directory, { recursive: true, force: true }));

const waiting = (): ReturnType<typeof spawn> => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });

test('a recorded process is ended, and only once', async () => {
  const child = waiting();
  const ended = once(child, 'exit');
  const record = await recordProcess(child.pid ?? -1);
  if (!record) throw new Error('the process should run');
  expect(await endProcess(record)).toBe(true);
  await ended;
  expect(await isRunning(record)).toBe(false);
  expect(await endProcess(record)).toBe(false);
});

test('a later process with the same number is not taken for the recorded one', async () => {
  const record = { ...await recordProcess(process.pid), pid: process.pid, started: '1' };
  expect(await isRunning(record)).toBe(false);
  expect(await endProcess(record)).toBe(false);
});

test('what was recorded for a machine is found and ended after the daemon has gone', async () => {
  const child = waiting();
  const ended = once(child, 'exit');
  const record = await recordProcess(child.pid ?? -1);
  await new MachineDirectory(directory).saveMachine({ name: 'worker-1' } as Parameters<MachineDirectory['saveMachine']>[0]);
  await new MachineDirectory(directory).saveProcesses('worker-1', record ? [record] : []);
  const later = new MachineDirectory(directory);
  expect(await later.names()).toEqual(['worker-1']);
  expect(await later.endProcesses('worker-1')).toBe(1);
  await ended;
  expect(await later.endProcesses('worker-1')).toBe(0);
});

test("a machine's settings are for the owner's eyes: they hold the join token", async () => {
  const machines = new MachineDirectory(directory);
  await machines.saveMachine({ name: 'worker-1' } as Parameters<MachineDirectory['saveMachine']>[0]);
  expect((await stat(machines.path('worker-1', 'machine.json'))).mode & 0o777).toBe(0o600);
});

test('a name that would leave the folder is refused', () => {
  expect(() => new MachineDirectory(directory).path('../x')).toThrow('Cannot use "../x" as a node name');
});

import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildLocalRuntime } from '../../images/runtime/build.ts';
import { LocalDriver } from '../../main/nodes/local/local-driver.ts';
import { askAgent, driverSurroundings, onNode, pull, waitForAgent, waitForContainerd } from '../fixtures/node-machine.ts';
import type { DriverSurroundings } from '../fixtures/node-machine.ts';

const canRun = process.platform === 'linux' && process.getuid?.() === 0;
if (!canRun) console.log('skipped: driver "local" needs Linux and root');

let around: DriverSurroundings;
let driver: LocalDriver;
let runtimeDirectory: string;
const signal = AbortSignal.timeout(110_000);
const open = (): LocalDriver => new LocalDriver({ dataDirectory: around.directory, runtimeDirectory, agentBundle: around.agentBundle });

beforeAll(async () => {
  if (!canRun) return;
  around = await driverSurroundings();
  runtimeDirectory = (await buildLocalRuntime()).directory;
  driver = open();
  await Promise.all([1, 2].map(async (index) => {
    await driver.create(around.machine(index), { signal });
    await driver.start(`worker-${index}`, { signal });
  }));
});
afterAll(async () => {
  await driver?.[Symbol.asyncDispose]();
  await around?.[Symbol.asyncDispose]();
});

test.skipIf(!canRun)('nodes see each other, and the host reaches the agents', async () => {
  expect(await driver.unavailable()).toBeUndefined();
  await using one = await driver.connect('worker-1', signal);
  await using two = await driver.connect('worker-2', signal);
  await onNode(two, waitForAgent, signal);
  expect(await onNode(one, 'hostname', signal)).toBe('worker-1');
  expect(await askAgent(one, '10.89.0.12', signal)).toBe('agent of worker-2');
  await expect(one.forward({ host: '127.0.0.1', port: 1, signal })).rejects.toThrow(/Cannot connect to 127.0.0.1:1 on the node: .*ECONNREFUSED/);
});

test.skipIf(!canRun)('a bundled image is pulled from the host and runs; another fails with its reason', async () => {
  await using node = await driver.connect('worker-1', signal);
  await onNode(node, waitForContainerd, signal);
  await onNode(node, pull('docker.io/library/busybox:latest'), signal);
  expect(await onNode(node, 'ctr run --rm docker.io/library/busybox:latest once echo hello', signal)).toBe('hello');
  expect(await onNode(node, pull('docker.io/library/redis:7'), signal)).toContain('no network and image docker.io/library/redis:7 is not bundled');
});

test.skipIf(!canRun)('a file that is written to a node is there after a restart, containers are not running', async () => {
  {
    await using node = await driver.connect('worker-1', signal);
    await node.upload({ path: '/var/lib/kept', source: 'still here', mode: 0o600, signal });
    await onNode(node, 'ctr run -d docker.io/library/busybox:latest long sleep 1000', signal);
  }
  await driver.stop('worker-1', { signal });
  expect((await driver.inspect('worker-1')).phase).toBe('Stopped');
  await driver.start('worker-1', { signal });
  await using node = await driver.connect('worker-1', signal);
  expect(await onNode(node, 'cat /var/lib/kept', signal)).toBe('still here');
  await onNode(node, waitForContainerd, signal);
  expect(await onNode(node, 'ctr tasks list -q', signal)).toBe('');
});

test.skipIf(!canRun)('what a killed daemon left behind is ended by the next one', async () => {
  const { pid = -1 } = await driver.inspect('worker-2');
  // A second driver on the same directory stands for the daemon that starts after the crash.
  const next = open();
  const found = await next.recover();
  expect(found).toContainEqual(expect.stringMatching(/node "worker-2" had left behind/));
  expect(await readdir('/proc')).not.toContain(String(pid));
  await next.start('worker-2', { signal });
  await using node = await next.connect('worker-2', signal);
  expect(await onNode(node, 'hostname', signal)).toBe('worker-2');
  await next[Symbol.asyncDispose]();
});

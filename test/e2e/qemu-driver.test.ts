import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildNodeImage } from '../../images/node/build.ts';
import type { NodeConnection } from '../../main/nodes/driver.ts';
import { isRunning, recordProcess } from '../../main/nodes/process-record.ts';
import { QemuDriver } from '../../main/nodes/qemu/qemu-driver.ts';
import { askAgent, driverSurroundings, onNode, pull, waitForAgent, waitForContainerd } from '../fixtures/node-machine.ts';
import type { DriverSurroundings } from '../fixtures/node-machine.ts';

let around: DriverSurroundings;
let driver: QemuDriver;
let node: NodeConnection;
const signal = AbortSignal.timeout(280_000);

beforeAll(async () => {
  around = await driverSurroundings();
  const nodeBinary = join(import.meta.dirname, '..', '..', 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');
  const image = await buildNodeImage({ nodeBinary });
  driver = new QemuDriver({ dataDirectory: around.directory, image, agentBundle: around.agentBundle });
  expect(await driver.unavailable()).toBeUndefined();
  await driver.create(around.machine(1), { signal });
  const started = performance.now();
  await driver.start('worker-1', { signal, progress: (step) => console.log(`worker-1: ${step} (${Math.round(performance.now() - started)} ms)`) });
  console.log(`worker-1 booted in ${Math.round(performance.now() - started)} ms`);
  node = await driver.connect('worker-1', signal);
});
afterAll(async () => {
  await driver?.[Symbol.asyncDispose]();
  await around?.[Symbol.asyncDispose]();
});

test('the VM knows its name and address, and the host reaches its agent over SSH', async () => {
  expect(await onNode(node, 'hostname; cat /sys/class/net/eth1/address; ip -4 -brief address show eth1', signal)).toMatch(/^worker-1\n52:54:00:89:00:0b\neth1 +UP +10\.89\.0\.11\/24/);
  await onNode(node, waitForAgent, signal);
  expect(await askAgent(node, '127.0.0.1', signal)).toBe('agent of worker-1');
});

test("containerd pulls from the host's registry and runs a container on the pod network", async () => {
  await onNode(node, waitForContainerd, signal);
  await onNode(node, pull('registry.k8s.io/pause:3.10'), signal);
  await onNode(node, pull('docker.io/library/busybox:latest'), signal);
  const network = { cniVersion: '1.0.0', name: 'pods', plugins: [{ type: 'bridge', bridge: 'cni0', isGateway: true, ipam: { type: 'host-local', ranges: [[{ subnet: '10.244.1.0/24' }]] } }] };
  await node.upload({ path: '/etc/cni/net.d/10-pods.conflist', source: JSON.stringify(network), mode: 0o644, signal });
  expect(await onNode(node, 'ctr run --rm --cni docker.io/library/busybox:latest once sh -c "ip -4 addr show eth0 | grep -o 10.244.1.[0-9]*/24"', signal)).toBe('10.244.1.2/24');
});

test('the disk has the size that was asked for', async () => {
  await onNode(node, 'n=0; while ! [ -e /var/lib/coracle/grown ]; do n=$((n + 1)); [ "$n" -gt 300 ] && exit 1; sleep 0.1; done', signal);
  expect(Number(await onNode(node, "df -m / | tail -1 | awk '{print $2}'", signal))).toBeGreaterThan(7000);
});

test('a graceful stop powers the VM off, and its disk keeps what was written', async () => {
  await node.upload({ path: '/var/lib/kept', source: 'still here', mode: 0o600, signal });
  await driver.stop('worker-1', { signal });
  expect((await driver.inspect('worker-1')).phase).toBe('Stopped');
  await driver.start('worker-1', { signal });
  node = await driver.connect('worker-1', signal);
  expect(await onNode(node, 'cat /var/lib/kept', signal)).toBe('still here');
});

test('a VM that a killed daemon left behind is ended, another process is not', async () => {
  const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const { pid = -1 } = await driver.inspect('worker-1');
  const vm = await recordProcess(pid);
  const next = new QemuDriver({ dataDirectory: around.directory, image: { directory: '', kernel: '', root: '' }, agentBundle: around.agentBundle });
  expect(await next.recover()).toEqual(['ended the VM that node "worker-1" had left behind']);
  expect(vm && await isRunning(vm)).toBe(false);
  expect(bystander.exitCode).toBeNull();
  bystander.kill('SIGKILL');
});

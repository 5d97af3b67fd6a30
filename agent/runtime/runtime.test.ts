import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'vitest';
import { createCriClient } from './cri-client.ts';
import { FakeRuntime } from './fake.ts';
import { runtimeContract } from './runtime.contract.ts';

const IMAGE = 'docker.io/library/busybox:latest';

runtimeContract('fake', async () => {
  const runtime = new FakeRuntime({ images: [IMAGE] });
  return { runtime, images: runtime, image: IMAGE, logDirectory: '/nowhere', cgroupParent: '/test', async [Symbol.asyncDispose]() {} };
});

/** A running containerd that has busybox, e.g. of a node of driver `local`: unix:///proc/PID/root/run/containerd/containerd.sock */
const endpoint = process.env['CORACLE_TEST_CONTAINERD'];
if (endpoint === undefined) {
  it.skip('container runtime: containerd', () => undefined);
  console.log('skipped: the runtime contract on containerd needs CORACLE_TEST_CONTAINERD=unix:///…/containerd.sock');
} else {
  runtimeContract('containerd', async () => {
    const cri = createCriClient(endpoint);
    const logDirectory = await mkdtemp(join(tmpdir(), 'coracle-contract-'));
    return {
      ...cri, image: IMAGE, logDirectory, cgroupParent: '/coracle-contract',
      async [Symbol.asyncDispose]() {
        cri[Symbol.dispose]();
        await rm(logDirectory, { recursive: true, force: true });
      },
    };
  });
}

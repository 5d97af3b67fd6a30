import { readFile, readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultCacheDirectory } from '../../images/cache-directory.ts';
import { ClusterUnderTest, until } from '../cluster-under-test.ts';
import { pod } from '../fixtures/manifests.ts';
import { processesOf } from '../leftovers.ts';

/** A worker in a real virtual machine: what a user gets with `npm start`. Under software emulation everything takes about five times as long. */
const built = (await readdir(`${defaultCacheDirectory()}/node`).catch(() => [])).length > 0;
if (!built) console.log('skipped: the node image is not built (npm run build)');
const minutes = 60_000;

let cluster: ClusterUnderTest;
beforeAll(async () => {
  if (built) cluster = await ClusterUnderTest.start('--workers', '1', '--driver', 'qemu');
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

const field = (object: string, path: string): Promise<string> => cluster.kubectl(`get ${object} -o jsonpath=${path}`);
const fetchWeb = (): Promise<string> => cluster.kubectl('exec client -- wget -qO- -T 10 web', { limitMs: 2 * minutes });
const webAnswers = (): Promise<boolean> => until('nginx answers through its Service', async () => (await fetchWeb()).includes('Welcome to nginx!'), 3 * minutes);

async function machinePids(): Promise<readonly number[]> {
  return (await processesOf(cluster.directory)).filter(({ command }) => /^\S*qemu-system/u.test(command)).map(({ pid }) => pid);
}

describe.skipIf(!built)('a worker in a virtual machine', () => {
  test('is Ready when up returns, with its own kernel', async () => {
    expect(await field('nodes', '{.items[*].status.conditions[?(@.type=="Ready")].status}')).toBe('True');
    const kernel = await field('node worker-1', '{.status.nodeInfo.kernelVersion}');
    expect(kernel).not.toBe((await readFile('/proc/sys/kernel/osrelease', 'utf8')).trim());
    expect(await machinePids()).toHaveLength(1);
  });

  test('runs nginx, which is reached by the name of its Service', async () => {
    await cluster.kubectl('create deployment web --image=nginx --replicas=2');
    await cluster.kubectl('expose deployment web --port=80');
    await cluster.apply(pod('client', { command: ['sleep', '100000'] }));
    await cluster.kubectl('rollout status deployment/web --timeout=240s', { limitMs: 5 * minutes });
    await cluster.kubectl('wait pod/client --for=condition=Ready --timeout=120s', { limitMs: 3 * minutes });
    await webAnswers();
  });

  test('exec and logs pass through to the container', async () => {
    const failed = await cluster.tryKubectl(['exec', '-i', 'client', '--', 'sh', '-c', 'cat; exit 5'], { stdin: 'typed', limitMs: 2 * minutes });
    expect(failed).toMatchObject({ code: 5, stdout: 'typed' });
    await until('the request is in the log', async () => (await cluster.kubectl('logs deployment/web --all-pods')).includes('GET / HTTP/1.1'), minutes);
  });

  test('kill -9 of the machine and of the daemon, then up: the same pods are Running again', async () => {
    const before = await field('pods', '{.items[*].metadata.uid}');
    const [machine = 0] = await machinePids();
    process.kill(machine, 'SIGKILL');
    await cluster.killDaemon();
    await cluster.up();
    await until('every pod is Ready', async () => {
      await cluster.kubectl('wait pod --all --for=condition=Ready --timeout=20s');
      return true;
    }, 4 * minutes);
    await webAnswers();
    expect(await field('pods', '{.items[*].metadata.uid}')).toBe(before);
    const pids = await machinePids();
    expect(pids).toHaveLength(1);
    expect(pids).not.toContain(machine);
  });

  test('kill -9 of the daemon alone leaves no second machine behind', async () => {
    await cluster.killDaemon();
    await cluster.up();
    expect(await machinePids()).toHaveLength(1);
    await webAnswers();
  });
});

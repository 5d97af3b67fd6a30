import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClusterUnderTest, unusedPort, until } from '../cluster-under-test.ts';
import { deployment, pod } from '../fixtures/manifests.ts';
import { localNodesUnavailable } from './local-requirements.ts';

/** Two real nodes: what a user does first, and what survives. The tests build on each other's nginx. */
const unavailable = localNodesUnavailable();
let cluster: ClusterUnderTest;
beforeAll(async () => {
  if (unavailable === undefined) cluster = await ClusterUnderTest.start('--workers', '2', '--driver', 'local');
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

const field = (object: string, path: string): Promise<string> => cluster.kubectl(`get ${object} -o jsonpath=${path}`);
const client = (...command: readonly string[]): Promise<string> => cluster.kubectl(['exec', 'client', '--', ...command]);
const welcome = 'Welcome to nginx!';

describe.skipIf(unavailable !== undefined)('the first five minutes', () => {
  test('two replicas of nginx run on two nodes and answer by name', async () => {
    await cluster.kubectl('create deployment web --image=nginx --replicas=2');
    await cluster.kubectl('expose deployment web --port=80');
    await cluster.kubectl('rollout status deployment/web --timeout=60s');
    expect((await field('pods -l app=web', '{.items[*].spec.nodeName}')).split(' ').toSorted()).toEqual(['worker-1', 'worker-2']);
    await cluster.apply(pod('client', { command: ['sleep', '100000'] }));
    await cluster.kubectl('wait pod/client --for=condition=Ready --timeout=40s');
    for (const name of ['web', 'web.default', 'web.default.svc.cluster.local']) expect(await until(`${name} answers`, () => client('wget', '-qO-', '-T', '3', name))).toContain(welcome);
    expect(await client('nslookup', 'kubernetes.default.svc.cluster.local')).toContain('10.96.0.1');
  });

  test('each pod is reached from the other node, and by its own Service', async () => {
    for (const ip of (await field('pods -l app=web', '{.items[*].status.podIP}')).split(' ')) expect(await client('wget', '-qO-', '-T', '3', ip)).toContain(welcome);
    const own = await cluster.kubectl('exec deploy/web -- sh -c true');
    expect(own).toBe('');
  });

  test('a NodePort answers on every node', async () => {
    await cluster.kubectl('expose deployment web --name=outside --type=NodePort --port=80');
    const port = await field('service outside', '{.spec.ports[0].nodePort}');
    expect(Number(port)).toBeGreaterThanOrEqual(30_000);
    for (const ip of (await field('nodes', '{.items[*].status.addresses[?(@.type=="InternalIP")].address}')).split(' ')) {
      expect(await until(`${ip}:${port} answers`, () => client('wget', '-qO-', '-T', '3', `${ip}:${port}`))).toContain(welcome);
    }
  });

  test("a node's kubelet reads no other nodes; its kube-proxy does", async () => {
    const can = async (what: string, ...identity: readonly string[]): Promise<string> => (await cluster.tryKubectl(['auth', 'can-i', ...what.split(' '), ...identity])).stdout.trim().split(' ')[0] ?? '';
    const kubelet = ['--as=system:node:worker-1', '--as-group=system:nodes'];
    expect(await Promise.all(['list nodes', 'list pods', 'list endpointslices', 'get secrets'].map((what) => can(what, ...kubelet)))).toEqual(['no', 'no', 'no', 'no']);
    expect(await can('get nodes/worker-1', ...kubelet)).toBe('yes');
    expect(await Promise.all(['list nodes', 'list endpointslices', 'list pods', 'update nodes'].map((what) => can(what, '--as=system:kube-proxy')))).toEqual(['yes', 'yes', 'no', 'no']);
  });

  test('exec passes input, output and the exit code', async () => {
    const failed = await cluster.tryKubectl(['exec', 'client', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3']);
    expect(failed).toMatchObject({ code: 3, stdout: 'out\n' });
    expect(failed.stderr).toContain('err\n');
    const big = 'x'.repeat(300_000);
    expect((await cluster.kubectl(['exec', '-i', 'client', '--', 'wc', '-c'], { stdin: big })).trim()).toBe('300000');
    expect((await cluster.kubectl(['exec', '-i', 'client', '--', 'cat'], { stdin: big })).length).toBe(300_000);
  });

  test('logs are followed, tailed and cut by time', async () => {
    await cluster.apply(pod('chatty', { command: ['sh', '-c', 'for i in $(seq 1 1000); do echo line $i; done; while true; do echo tick; sleep 0.3; done'] }));
    await cluster.kubectl('wait pod/chatty --for=condition=Ready --timeout=40s');
    const follow = cluster.startKubectl('logs -f chatty --tail=1');
    await until('new lines arrive', () => (follow.output.match(/tick/gu)?.length ?? 0) > 4);
    expect((await cluster.kubectl('logs chatty')).split('\n').slice(0, 1000)).toEqual(Array.from({ length: 1000 }, (_, i) => `line ${i + 1}`));
    expect((await cluster.kubectl('logs chatty --timestamps --tail=2')).trim().split('\n').every((line) => /^\d{4}-\d\d-\d\dT\S+Z tick$/u.test(line))).toBe(true);
    await cluster.kubectl('delete pod chatty --timeout=20s');
  });

  test('port-forward reaches the pod', async () => {
    const port = await unusedPort();
    const forward = cluster.startKubectl(`port-forward service/web ${port}:80`);
    await until('it listens', () => forward.output.includes('Forwarding from'));
    const answers = await Promise.all(Array.from({ length: 10 }, async () => (await fetch(`http://127.0.0.1:${port}/`)).text()));
    expect(answers.every((text) => text.includes(welcome))).toBe(true);
    await forward[Symbol.asyncDispose]();
  });

  test('run --rm attaches, prints and leaves nothing', async () => {
    expect(await cluster.kubectl('run -i --rm once --restart=Never --image=busybox --image-pull-policy=IfNotPresent -- wget -qO- -T 5 web')).toContain(welcome);
    expect((await cluster.tryKubectl('get pod once')).stderr).toContain('NotFound');
  });

  test('attach and cp work', async () => {
    await cluster.kubectl(['exec', 'client', '--', 'sh', '-c', 'mkdir -p /data; echo copied > /data/file']);
    await cluster.kubectl(['cp', 'client:/data/file', `${cluster.directory}/file`]);
    await cluster.kubectl(['cp', `${cluster.directory}/file`, 'client:/data/back']);
    expect(await client('cat', '/data/back')).toBe('copied\n');
  });

  test('a deleted pod is replaced and the Service goes on', async () => {
    const [before] = (await cluster.kubectl('get pods -l app=web -o name')).split('\n');
    await cluster.kubectl(`delete ${before ?? ''} --timeout=40s`);
    await cluster.kubectl('rollout status deployment/web --timeout=40s');
    expect(await client('wget', '-qO-', '-T', '3', 'web')).toContain(welcome);
  });

  test('a headless Service names its pods; host ports answer on their node', async () => {
    await cluster.apply([
      deployment('named', { replicas: 2, image: 'nginx', container: { ports: [{ containerPort: 80 }] } }),
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'named' }, spec: { clusterIP: 'None', selector: { app: 'named' }, ports: [{ port: 80 }] } },
      pod('hosted', { image: 'nginx', container: { ports: [{ containerPort: 80, hostPort: 8088 }] } }),
    ]);
    await cluster.kubectl('rollout status deployment/named --timeout=40s');
    await cluster.kubectl('wait pod/hosted --for=condition=Ready --timeout=40s');
    const ips = (await field('pods -l app=named', '{.items[*].status.podIP}')).split(' ');
    await until('both addresses are answered', async () => {
      const answer = await client('nslookup', 'named.default.svc.cluster.local');
      return ips.every((ip) => answer.includes(ip));
    });
    const hostIP = await field('pod hosted', '{.status.hostIP}');
    expect(await until('the host port answers', () => client('wget', '-qO-', '-T', '3', `${hostIP}:8088`))).toContain(welcome);
    await cluster.kubectl('delete deployment/named service/named pod/hosted --timeout=40s');
  });
});

describe.skipIf(unavailable !== undefined)('what survives', () => {
  const allRunning = () => until('every pod runs and the Service answers', async () => {
    await cluster.kubectl('wait pod --all --for=condition=Ready --timeout=5s');
    return (await client('wget', '-qO-', '-T', '3', 'web')).includes(welcome);
  }, 90_000);

  test('a node that stops and starts runs its pods again', async () => {
    await cluster.coracle(['node', 'stop', 'worker-2']);
    expect((await cluster.status()).machines.find(({ name }) => name === 'worker-2')?.phase).toBe('Stopped');
    expect((await cluster.coracle(['node', 'start', 'worker-2'])).code).toBe(0);
    await allRunning();
  });

  test('kill -9 of the daemon and up: the same pods are Running again', async () => {
    const before = await field('pods', '{.items[*].metadata.uid}');
    await cluster.killDaemon();
    await cluster.up();
    await allRunning();
    expect(await field('pods', '{.items[*].metadata.uid}')).toBe(before);
  });

  test('stop and up: the same', async () => {
    const before = await field('pods', '{.items[*].metadata.uid}');
    await cluster.stop();
    await cluster.up();
    await allRunning();
    expect(await field('pods', '{.items[*].metadata.uid}')).toBe(before);
  });

  test('a removed node is drained and its pods move', async () => {
    expect((await cluster.coracle(['node', 'remove', 'worker-2'], { limitMs: 110_000 })).code).toBe(0);
    await cluster.kubectl('rollout status deployment/web --timeout=60s');
    expect((await cluster.tryKubectl('get node worker-2')).stderr).toContain('NotFound');
    expect(new Set((await field('pods -l app=web', '{.items[*].spec.nodeName}')).split(' '))).toEqual(new Set(['worker-1']));
  });
});

import { readFile, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { configmaps } from '../../kube/api/generated/core/v1.ts';
import type { RestClient } from '../../kube/client/rest-client.ts';
import { ClusterUnderTest, until } from '../cluster-under-test.ts';
import { connectClient } from '../connect-client.ts';

let cluster: ClusterUnderTest | undefined;
afterEach(async () => {
  const ended = cluster;
  cluster = undefined;
  await ended?.[Symbol.asyncDispose]();
});

/** Writers that note what was acknowledged, until the server is gone. */
class WriteLoad {
  readonly acknowledged = new Map<string, string>();
  #stop = false;

  async run(client: RestClient, writers: number): Promise<void> {
    await Promise.all(Array.from({ length: writers }, (_, writer) => this.#write(client, writer)));
  }

  stop(): void {
    this.#stop = true;
  }

  async #write(client: RestClient, writer: number): Promise<void> {
    for (let turn = 0; !this.#stop; turn++) {
      const name = `load-${writer}-${Math.floor(turn / 3)}`;
      const value = `${writer}-${turn}`;
      try {
        if (turn % 3 === 0) await client.create(configmaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { value } });
        else await client.patch(configmaps, { namespace: 'default', name }, { type: 'merge', patch: { data: { value } } });
        this.acknowledged.set(name, value);
      } catch {
        return; // The server died under it: this write may or may not have happened.
      }
    }
  }
}

test('kill -9 under load loses no acknowledged write, three times over', async () => {
  cluster = await ClusterUnderTest.start('--workers', '0');
  for (let round = 0; round < 3; round++) {
    await using api = await connectClient(cluster.kubeconfig);
    const load = new WriteLoad();
    const running = load.run(api.client, 16);
    await until('the load is under way', () => load.acknowledged.size > 100 * (round + 1));
    await cluster.killDaemon();
    load.stop();
    await running;
    await cluster.up('--workers', '0');
    await using after = await connectClient(cluster.kubeconfig);
    const { items } = await after.client.list(configmaps, { namespace: 'default' });
    const stored = new Map(items.map((item) => [item.metadata.name ?? '', item.data?.['value'] ?? '']));
    // The write in flight at the kill may be newer than the last acknowledged one, never older.
    const lost = [...load.acknowledged].filter(([name, value]) => turnOf(stored.get(name)) < turnOf(value));
    expect(lost).toEqual([]);
    await cluster.kubectl('delete configmaps --all -n default --wait=false');
  }
});

function turnOf(value: string | undefined): number {
  return value === undefined ? -1 : Number(value.split('-')[1]);
}

test('a kill during start-up is recovered from', async () => {
  cluster = await ClusterUnderTest.start('--workers', '0');
  await cluster.kubectl('create configmap kept --from-literal=a=1');
  await cluster.stop();
  for (const afterMs of [150, 350, 550]) {
    const attempt = cluster.up('--workers', '0').catch((error: unknown) => error);
    await killWhenBorn(cluster, afterMs);
    await attempt;
  }
  await cluster.up('--workers', '0');
  expect(await cluster.kubectl('get configmap kept -o jsonpath={.data.a}')).toBe('1');
});

/** Ends the starting daemon by the pid in its lock, some time after the lock appeared. */
async function killWhenBorn(target: ClusterUnderTest, afterMs: number): Promise<void> {
  const lock = join(target.directory, 'daemon.lock');
  const pid = await until('the daemon holds its lock', async () => {
    const holder = (JSON.parse(await readFile(lock, 'utf8')) as { pid: number }).pid;
    return existsSync(`/proc/${holder}/stat`) && holder;
  }, 10_000);
  const due = performance.now() + afterMs;
  await until('the moment has come', () => performance.now() >= due, afterMs + 1000);
  process.kill(pid, 'SIGKILL');
}

test('stop and up keep objects, identities, ports and watches\' resourceVersions', async () => {
  cluster = await ClusterUnderTest.start('--workers', '0');
  await cluster.kubectl('create configmap kept --from-literal=a=1');
  const before = await cluster.json<{ metadata: { uid: string; resourceVersion: string } }>('get configmap kept');
  const kubeconfig = await readFile(cluster.kubeconfig, 'utf8');
  const token = (await cluster.kubectl('create token default')).trim();
  const { uiURL } = await cluster.status();
  await cluster.stop();
  expect((await cluster.coracle(['status'])).code).toBe(3);
  await cluster.up('--workers', '0');
  const after = await cluster.json<{ metadata: object }>('get configmap kept');
  expect(after.metadata).toEqual(before.metadata);
  expect(await readFile(cluster.kubeconfig, 'utf8')).toBe(kubeconfig);
  expect((await cluster.status()).uiURL).toBe(uiURL);
  const whoami = ['auth', 'whoami', '--token', token, '--kubeconfig', '/dev/null', '--server', `https://127.0.0.1:${cluster.apiPort}`, '--insecure-skip-tls-verify', '-o', 'jsonpath={.status.userInfo.username}'];
  expect(await cluster.kubectl(whoami)).toBe('system:serviceaccount:default:default');
});

test('a second up attaches to the running cluster, also when two start at once', async () => {
  const both = await ClusterUnderTest.create();
  cluster = both;
  const results = await Promise.all([1, 2].map(() => both.coracle(['up', '--workers', '0', '--api-port', String(both.apiPort), '--ui-port', String(both.uiPort), '--detach', '--no-open'])));
  expect(results.filter(({ code }) => code === 0).length, results.map(({ stderr }) => stderr).join('\n')).toBeGreaterThan(0);
  const { daemonPid } = await both.status();
  await both.up('--workers', '0');
  expect((await both.status()).daemonPid).toBe(daemonPid);
});

test('reset deletes the cluster and asks before', async () => {
  cluster = await ClusterUnderTest.start('--workers', '0');
  const refused = await cluster.coracle(['reset']);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('--yes');
  expect(await cluster.kubectl('get namespace default -o name')).toBe('namespace/default\n');
  expect((await cluster.coracle(['reset', '--yes'])).code).toBe(0);
  expect(existsSync(cluster.directory)).toBe(false);
});

test('everything private is readable by its owner only', async () => {
  cluster = await ClusterUnderTest.start('--workers', '0');
  for (const path of ['.', 'pki', 'store', 'kubeconfig', 'window-token', 'daemon.sock']) {
    const { mode } = await stat(join(cluster.directory, path));
    expect(`${path} ${(mode & 0o077).toString(8)}`).toBe(`${path} 0`);
  }
});

test('kubeconfig --merge adds the context, keeps the current one, and can be repeated', async () => {
  cluster = await ClusterUnderTest.start('--workers', '0');
  const mine = join(cluster.directory, 'my-config');
  await writeFile(mine, 'apiVersion: v1\nkind: Config\ncurrent-context: work\ncontexts:\n- name: work\n  context: {cluster: work, user: me}\nclusters:\n- name: work\n  cluster: {server: "https://work.invalid"}\nusers:\n- name: me\n  user: {token: t}\n');
  for (let i = 0; i < 2; i++) expect((await cluster.coracle(['kubeconfig', '--merge'], { environment: { KUBECONFIG: mine } })).code).toBe(0);
  const context = await cluster.kubectl(['config', 'get-contexts', '-o', 'name', '--kubeconfig', mine]);
  expect(context.trim().split('\n').toSorted()).toEqual(['coracle', 'work']);
  expect(await cluster.kubectl(['config', 'current-context', '--kubeconfig', mine])).toBe('work\n');
  expect(await cluster.kubectl(['--kubeconfig', mine, '--context', 'coracle', 'get', 'namespace', 'default', '-o', 'name'])).toBe('namespace/default\n');
});

test('errors of the command line are one line that says what to do', async () => {
  cluster = await ClusterUnderTest.create();
  const cases = [
    { args: ['kubectl', 'get', 'pods'], code: 1, says: 'start it with `coracle up`' },
    { args: ['node', 'add'], code: 1, says: 'start it with `coracle up`' },
    { args: ['up', '--driver', 'cloud'], code: 2, says: 'use qemu, local or simulated' },
    { args: ['frobnicate'], code: 2, says: '`coracle help` lists them' },
  ];
  for (const { args, code, says } of cases) {
    const result = await cluster.coracle(args);
    expect({ args, code: result.code }).toEqual({ args, code });
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
    expect(result.stderr).toContain(says);
  }
});

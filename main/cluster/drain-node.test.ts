import { expect, test } from 'vitest';
import { nodes, pods, serviceaccounts } from '../../kube/api/generated/core/v1.ts';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import { RestClient } from '../../kube/client/rest-client.ts';
import { startTestApiServer } from '../apiserver/testing.ts';
import { drainNode } from './drain-node.ts';

const { signal } = new AbortController();
const POD = { namespace: 'default', name: 'p' };

async function withPod(phase: string, act: (client: RestClient) => Promise<void>): Promise<void> {
  await using server = await startTestApiServer();
  const client = new RestClient({ transport: server.transport, userAgent: 'test', acceptObjects: true });
  await client.create(serviceaccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } });
  await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: {} });
  await client.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata: POD, spec: { nodeName: 'n', containers: [{ name: 'c', image: 'x' }] } });
  await setPhase(client, phase);
  await act(client);
}

function setPhase(client: RestClient, phase: string): Promise<unknown> {
  return client.patch(pods, POD, { type: 'merge', patch: { status: { phase } } }, { subresource: 'status', signal });
}

/** Whatever waits lets the next thing happen. */
function clockThat(sleep: () => Promise<void>): Clock {
  return { monotonicMs: () => 0, sleep } as unknown as Clock;
}

test('a pod that has ended, but whose kubelet has not let it go, keeps its node', async () => {
  await withPod('Running', async (client) => {
    const kubelet = [() => setPhase(client, 'Failed'), () => client.raw({ method: 'DELETE', path: '/api/v1/namespaces/default/pods/p?gracePeriodSeconds=0', signal })];
    await drainNode(client, 'n', { signal, clock: clockThat(async () => void (await kubelet.shift()?.())) });
    expect((await client.list(pods, { namespace: 'default', signal })).items).toEqual([]);
  });
});

test('a pod that had ended before is nothing to wait for', async () => {
  await withPod('Succeeded', async (client) => {
    await drainNode(client, 'n', { signal, clock: clockThat(() => Promise.reject(new Error('it waited'))) });
    expect((await client.get(nodes, { name: 'n' }, { signal })).spec?.unschedulable).toBe(true);
  });
});

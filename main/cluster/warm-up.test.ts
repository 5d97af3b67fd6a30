import { expect, test } from 'vitest';
import { deployments } from '../../kube/api/generated/apps/v1.ts';
import { configmaps, namespaces, pods, serviceaccounts } from '../../kube/api/generated/core/v1.ts';
import { RestClient } from '../../kube/client/rest-client.ts';
import { startTestApiServer } from '../apiserver/testing.ts';
import { systemClock } from './system-clock.ts';
import { warmUp } from './warm-up.ts';

const pauses = { ...systemClock, sleep: async () => undefined };

test('a warm-up is answered as users are, and leaves nothing behind', async () => {
  const statuses: string[] = [];
  await using server = await startTestApiServer({ observe: ({ info }, { status }) => statuses.push(`${info.verb} ${info.resource} ${status}`) });
  const client = new RestClient({ transport: server.transport, userAgent: 'test', acceptObjects: true });
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' }, spec: {} }).catch(() => undefined);
  await client.create(serviceaccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } });
  await client.create(configmaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt', namespace: 'default' } });
  const { url } = await server.listen();
  statuses.length = 0;
  await warmUp({ url, authority: server.certificates.ca, identity: server.certificates.admin, clock: pauses, signal: new AbortController().signal, busyMs: () => 0 });
  expect(new Set(statuses)).toEqual(new Set(['create configmaps 201', 'create pods 201', 'create deployments 201', 'patch deployments 201', 'patch configmaps 200', 'get configmaps 200', 'list configmaps 200']));
  const all = await Promise.all([configmaps, pods, deployments].map((resource) => client.list(resource, { namespace: 'default' })));
  expect(all.flatMap(({ items }) => items.map(({ metadata }) => metadata?.name))).toEqual(['kube-root-ca.crt']);
});

test('it waits while there is other work, and ends with the cluster', async () => {
  const stop = new AbortController();
  let busy = 0;
  let waited = 0;
  const clock = { ...systemClock, sleep: async () => { if (++waited === 3) { stop.abort(new Error('stopping')); stop.signal.throwIfAborted(); } } };
  await warmUp({ url: 'https://127.0.0.1:1', authority: '', identity: { certificate: '', key: '' }, clock, signal: stop.signal, busyMs: () => (busy += 900) });
  expect(waited).toBe(3);
});

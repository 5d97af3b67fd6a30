import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { VirtualClock } from '../../../kube/apimachinery/virtual-clock.ts';
import { webhookEndpoint } from '../authentication/webhook-endpoint.ts';
import { AuditWebhook } from './audit-webhook.ts';

interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly lists: { readonly kind: string; readonly items: readonly Record<string, unknown>[] }[];
  /** Answers of the next requests; then 200. */
  readonly statuses: number[];
}

let clock: VirtualClock;
let receiver: Receiver;
beforeEach(async () => {
  clock = new VirtualClock();
  receiver = await startReceiver();
});
afterEach(() => receiver[Symbol.asyncDispose]());

async function startReceiver(): Promise<Receiver> {
  const lists: Receiver['lists'] = [];
  const statuses: number[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => {
      const status = statuses.shift() ?? 200;
      if (status === 200) lists.push(JSON.parse(text) as Receiver['lists'][number]);
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(status === 200 ? '{}' : '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/audit`, lists, statuses,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function newWebhook(errors: unknown[] = []): AuditWebhook {
  const kubeconfig = `{clusters: [{name: c, cluster: {server: "${receiver.url}"}}], users: [{name: u, user: {token: secret}}], contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}`;
  const endpoint = webhookEndpoint(kubeconfig, { allowPlain: true });
  expect(endpoint.headers).toBeUndefined();
  return new AuditWebhook({ endpoint, clock, reportError: (error) => errors.push(error) });
}

const line = (id: number): string => `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"${id}"}`;

it('sends what comes within half a minute as one list, whose items do not repeat its kind', async () => {
  await using webhook = newWebhook();
  for (const id of [1, 2]) webhook.write(line(id));
  await clock.advance(29_000);
  expect(receiver.lists).toEqual([]);
  await clock.advance(2_000);
  await expect.poll(() => receiver.lists).toEqual([{ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items: [{ level: 'Metadata', auditID: '1' }, { level: 'Metadata', auditID: '2' }] }]);
});

it('sends a full batch at once', async () => {
  await using webhook = newWebhook();
  for (let id = 0; id < 401; id++) webhook.write(line(id));
  await expect.poll(() => receiver.lists.map(({ items }) => items.length)).toEqual([400]);
});

it('tries again after a failure of any kind', async () => {
  receiver.statuses.push(500, 404);
  const errors: unknown[] = [];
  await using webhook = newWebhook(errors);
  webhook.write(line(1));
  await clock.advance(30_001);
  await expect.poll(async () => { await clock.advance(5_000); return receiver.lists.length; }).toBe(1);
  expect([errors, webhook.lost]).toEqual([[], 0]);
});

it('counts what is lost when nobody takes it, and sends the rest when it stops', async () => {
  const errors: unknown[] = [];
  const webhook = newWebhook(errors);
  receiver.statuses.push(500, 500, 500, 500, 500);
  webhook.write(line(1));
  await clock.advance(30_001);
  await expect.poll(async () => { await clock.advance(5_000); return webhook.lost; }, { timeout: 10_000 }).toBe(1);
  expect(String(errors[0])).toContain('status 500');
  receiver.statuses.length = 0;
  webhook.write(line(2));
  await webhook[Symbol.asyncDispose]();
  expect(receiver.lists.map(({ items }) => items.map((item) => item['auditID']))).toEqual([['2']]);
});

it('loses events rather than memory', async () => {
  receiver.statuses.push(...Array.from({ length: 100 }, () => 500));
  const webhook = newWebhook();
  for (let id = 0; id < 10_500; id++) webhook.write(line(id));
  expect(webhook.lost).toBe(100);
  receiver.statuses.length = 0;
  await webhook[Symbol.asyncDispose]();
});

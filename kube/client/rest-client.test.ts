import { describe, expect, it } from 'vitest';
import type { Resource } from '../apimachinery/gvr.ts';
import type { KubernetesObject } from '../apimachinery/object-meta.ts';
import { isExpired, isForbidden } from '../apimachinery/status.ts';
import { newResourceExpired } from '../apimachinery/status-errors.ts';
import { VirtualClock } from '../apimachinery/virtual-clock.ts';
import { RestClient } from './rest-client.ts';
import { OBJECT_MEDIA_TYPE, type TransportRequest, type TransportResponse } from './transport.ts';

const pods: Resource<KubernetesObject> = { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespaced: true };
const deployments: Resource<KubernetesObject> = { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment', namespaced: true };

function answering(...answers: readonly Partial<TransportResponse>[]) {
  const requests: TransportRequest[] = [];
  const transport = {
    fetch: async (request: TransportRequest): Promise<TransportResponse> => {
      requests.push(request);
      return { status: 200, headers: {}, body: new Uint8Array(), ...answers[Math.min(requests.length, answers.length) - 1] };
    },
  };
  return { requests, transport };
}
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

describe('RestClient', () => {
  it('builds the URLs and headers of the API', async () => {
    const { requests, transport } = answering({ body: json({}) });
    const client = new RestClient({ transport, userAgent: 'kubelet/v1.36' });
    await client.get(deployments, { namespace: 'n', name: 'd' }, { subresource: 'scale' });
    await client.patch(pods, { namespace: 'n', name: 'p' }, { type: 'apply', patch: { kind: 'Pod' } }, { fieldManager: 'm', force: true });
    await client.delete(pods, { namespace: 'n', name: 'a b' }, { gracePeriodSeconds: 0 });
    await client.list(pods, { labelSelector: 'a in (b,c)', limit: 5 });
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /apis/apps/v1/namespaces/n/deployments/d/scale',
      'PATCH /api/v1/namespaces/n/pods/p?fieldManager=m&force=true',
      'DELETE /api/v1/namespaces/n/pods/a%20b',
      'GET /api/v1/pods?labelSelector=a%20in%20(b%2Cc)&limit=5',
    ]);
    expect(requests[1]?.headers).toEqual({ accept: 'application/json', 'user-agent': 'kubelet/v1.36', 'content-type': 'application/apply-patch+yaml' });
    expect(requests[2]?.body).toBe('{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0}');
  });

  it('takes decoded objects and events where the transport has them', async () => {
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } };
    const { requests, transport } = answering({ object }, { events: (async function* () { yield [{ type: 'ADDED', object }, { type: 'DELETED', object }]; })() });
    const client = new RestClient({ transport, userAgent: 'x', acceptObjects: true });
    expect(await client.get(pods, { namespace: 'n', name: 'p' })).toBe(object);
    const types: string[] = [];
    for await (const event of client.watch(pods, {})) types.push(event.type);
    expect(types).toEqual(['ADDED', 'DELETED']);
    expect(requests[0]?.headers?.['accept']).toContain(OBJECT_MEDIA_TYPE);
  });

  it('throws the Status of a watch that ends with an ERROR event', async () => {
    const { status } = newResourceExpired('too old resource version: 1 (2)');
    const { transport } = answering({ body: (async function* () { yield json({ type: 'ERROR', object: status }); })() });
    const client = new RestClient({ transport, userAgent: 'x' });
    const reading = (async () => {
      for await (const _ of client.watch(pods, {})) expect.unreachable();
    })();
    await expect(reading).rejects.toSatisfy(isExpired);
  });

  it('makes a Status of an answer that has none', async () => {
    const { transport } = answering({ status: 403, body: new TextEncoder().encode('proxy says no') });
    await expect(new RestClient({ transport, userAgent: 'x' }).get(pods, { namespace: 'n', name: 'p' })).rejects.toSatisfy(isForbidden);
  });

  it('comes back when an overloaded server says so', async () => {
    const clock = new VirtualClock();
    const { requests, transport } = answering({ status: 429, headers: { 'retry-after': '1' } }, { body: json({ ok: true }) });
    const answer = new RestClient({ transport, userAgent: 'x', clock }).raw({ method: 'GET', path: '/' });
    await clock.advance(1000);
    expect(await answer).toEqual({ ok: true });
    expect(requests).toHaveLength(2);
  });
});

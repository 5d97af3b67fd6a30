import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';

const PODS = '/api/v1/namespaces/default/pods';
let server: TestApiServer;
beforeAll(async () => {
  server = await startTestApiServer();
  await send('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
  await send('POST', '/api/v1/namespaces/default/limitranges', { metadata: { name: 'a' }, spec: { limits: [{ type: 'Container', default: { cpu: '500m' }, max: { cpu: '1' } }, { type: 'Pod', max: { cpu: '1500m' } }] } });
  await send('POST', '/api/v1/namespaces/default/limitranges', { metadata: { name: 'b' }, spec: { limits: [{ type: 'Container', default: { cpu: '600m', memory: '1Mi' }, max: { memory: '2Mi' } }] } });
});
afterAll(() => server[Symbol.asyncDispose]());

type Answer = Record<string, unknown> & { readonly message?: string; readonly code?: number; readonly metadata?: { readonly annotations?: Record<string, string> }; readonly spec?: { readonly containers: readonly object[] } };
async function send(method: string, path: string, body: unknown, type = 'application/json'): Promise<Answer> {
  const { body: bytes } = await server.transport.fetch({ method, path, headers: { 'content-type': type }, body: JSON.stringify(body) });
  return JSON.parse(Buffer.from(bytes as Uint8Array).toString('utf8')) as Answer;
}
const container = (name: string, cpu?: string, more: object = {}) => ({ name, image: 'i', ...(cpu === undefined ? {} : { resources: { limits: { cpu } } }), ...more });
const create = (name: string, spec: object): Promise<Answer> => send('POST', PODS, { metadata: { name }, spec });

describe('limit ranges', () => {
  test('fill in one after the other, by name, what is not set; the note tells of the last', async () => {
    const { spec, metadata } = await create('defaulted', { containers: [container('c')] });
    expect(spec?.containers).toMatchObject([{ resources: { limits: { cpu: '500m', memory: '1Mi' } } }]);
    expect(metadata?.annotations).toEqual({ 'kubernetes.io/limit-ranger': 'LimitRanger plugin set: memory request for container c; memory limit for container c' });
  });

  test('stop at the first that is broken', async () => {
    const { message } = await create('both', { containers: [{ ...container('c'), resources: { limits: { cpu: '3', memory: '3Mi' } } }] });
    expect(message).toBe('pods "both" is forbidden: [maximum cpu usage per Container is 1, but limit is 3, maximum cpu usage per Pod is 1500m, but limit is 3]');
  });

  test.each([
    { name: 'sidecar', spec: { initContainers: [container('s', '900m', { restartPolicy: 'Always' })], containers: [container('c', '900m')] }, limit: '1800m' },
    { name: 'step-with-sidecar', spec: { initContainers: [container('s', '700m', { restartPolicy: 'Always' }), container('i', '1')], containers: [container('c', '100m')] }, limit: '1700m' },
    { name: 'whole', spec: { resources: { limits: { cpu: '2' } }, containers: [container('c', '100m')] }, limit: '2' },
  ])('count all of a pod that runs at once: $name', async ({ name, spec, limit }) => {
    expect((await create(name, spec)).message).toBe(`pods "${name}" is forbidden: maximum cpu usage per Pod is 1500m, but limit is ${limit}`);
  });

  test('keep a pod from growing beyond them', async () => {
    await create('growing', { containers: [{ ...container('c'), resources: { requests: { cpu: '100m' }, limits: { cpu: '400m' } } }] });
    const { message } = await send('PATCH', `${PODS}/growing/resize`, { spec: { containers: [{ name: 'c', resources: { limits: { cpu: '2' } } }] } }, 'application/strategic-merge-patch+json');
    expect(message).toBe('pods "growing" is forbidden: [maximum cpu usage per Container is 1, but limit is 2, maximum cpu usage per Pod is 1500m, but limit is 2]');
  });
});

describe('other plugins', () => {
  test('system priority classes stay', async () => {
    expect(await send('DELETE', '/apis/scheduling.k8s.io/v1/priorityclasses/system-node-critical', {})).toMatchObject({ code: 403, message: 'priorityclasses.scheduling.k8s.io "system-node-critical" is forbidden: this is a system priority class and cannot be deleted' });
  });

  test('an overhead needs a runtime class that has one, and of tolerations the wider stays', async () => {
    await send('POST', '/apis/node.k8s.io/v1/runtimeclasses', { metadata: { name: 'bare' }, handler: 'h', scheduling: { tolerations: [{ key: 'k', operator: 'Exists' }, { key: 'other', operator: 'Exists', effect: 'NoSchedule' }] } });
    const containers = [container('c', '100m')];
    expect((await create('heavy', { containers, runtimeClassName: 'bare', overhead: { cpu: '1m' } })).message).toBe('pods "heavy" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
    const { spec } = await create('tolerant', { containers, runtimeClassName: 'bare', tolerations: [{ key: 'k', operator: 'Equal', value: 'v', effect: 'NoSchedule' }] });
    const { tolerations } = spec as unknown as { readonly tolerations: readonly { readonly key: string }[] };
    expect(tolerations.filter(({ key }) => !key.startsWith('node.kubernetes.io/'))).toEqual([{ key: 'k', operator: 'Exists' }, { key: 'other', operator: 'Exists', effect: 'NoSchedule' }]);
  });
});

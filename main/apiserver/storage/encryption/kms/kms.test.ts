import { createCipheriv, createDecipheriv } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import grpc from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../../../kube/apimachinery/clock.ts';
import { VirtualClock } from '../../../../../kube/apimachinery/virtual-clock.ts';
import { openMemoryStore } from '../../../../etcd/memory-store.ts';
import type { Store } from '../../../../etcd/store.ts';
import { systemClock } from '../../../../etcd/system-clock.ts';
import { startTestApiServer } from '../../../testing.ts';
import { type EncryptionConfiguration, readEncryptionConfiguration } from '../encryption-configuration.ts';
import { KmsProvider } from './kms-provider.ts';
import { connectKms } from './kms-service.ts';
import { WireMessage, writeMessage } from './wire-message.ts';

interface FakePlugin extends AsyncDisposable {
  readonly endpoint: string;
  keyId: string;
  healthz: string;
  readonly calls: string[];
}

/** A plugin on a socket, whose key of keys is its ID. */
async function startPlugin(): Promise<FakePlugin> {
  const folder = await mkdtemp(join(tmpdir(), 'kms-'));
  const endpoint = `unix://${join(folder, 'kms.sock')}`;
  const plugin = { endpoint, keyId: 'one', healthz: 'ok', calls: [] as string[] };
  const keyOf = (id: string): Buffer => Buffer.alloc(32, id);
  const answers: Readonly<Record<string, (request: WireMessage) => Uint8Array>> = {
    Status: () => writeMessage([[1, 'v2'], [2, plugin.healthz], [3, plugin.keyId]]),
    Encrypt(request) {
      const cipher = createCipheriv('aes-256-ctr', keyOf(plugin.keyId), Buffer.alloc(16));
      return writeMessage([[1, cipher.update(request.bytes(1))], [2, plugin.keyId], [3, { 'made.example.com': Buffer.from('x') }]]);
    },
    Decrypt(request) {
      expect(Buffer.from(request.map(4)['made.example.com'] ?? []).toString()).toBe('x');
      return writeMessage([[1, createDecipheriv('aes-256-ctr', keyOf(request.text(3)), Buffer.alloc(16)).update(request.bytes(1))]]);
    },
  };
  const server = new grpc.Server();
  const bytes = (value: Uint8Array): Buffer => Buffer.from(value);
  const methods = Object.keys(answers).map((name) => [name, { path: `/v2.KeyManagementService/${name}`, requestStream: false, responseStream: false, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes }]);
  const handlers = Object.entries(answers).map(([name, answer]) => [name, (call: grpc.ServerUnaryCall<Uint8Array, Uint8Array>, done: grpc.sendUnaryData<Uint8Array>) => {
    plugin.calls.push(name);
    done(null, answer(new WireMessage(call.request)));
  }]);
  server.addService(Object.fromEntries(methods) as grpc.ServiceDefinition, Object.fromEntries(handlers) as grpc.UntypedServiceImplementation);
  await new Promise<void>((resolve, reject) => server.bindAsync(endpoint, grpc.ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())));
  return Object.assign(plugin, {
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
      await rm(folder, { recursive: true, force: true });
    },
  });
}

const configuration = (endpoint: string, kms: object = {}): EncryptionConfiguration =>
  readEncryptionConfiguration({ kind: 'EncryptionConfiguration', apiVersion: 'apiserver.config.k8s.io/v1', resources: [{ resources: ['secrets'], providers: [{ kms: { apiVersion: 'v2', name: 'vault', endpoint, ...kms } }, { identity: {} }] }] });

async function serving(store: Store, endpoint: string, body: (send: (method: string, path: string, object?: object) => Promise<{ status: number; text: string }>) => Promise<void>, clock: Clock = systemClock): Promise<void> {
  await using server = await startTestApiServer({ store, clock, encryption: configuration(endpoint) });
  await body(async (method, path, object) => {
    const response = await server.transport.fetch({ method, path, headers: { 'content-type': 'application/json' }, ...(object ? { body: JSON.stringify(object) } : {}) });
    return { status: response.status, text: Buffer.from(response.body as Uint8Array).toString() };
  });
}

const SECRETS = '/api/v1/namespaces/default/secrets';

describe('Secrets encrypted with a plugin', () => {
  it('are sealed in the store, and read after a restart and a change of the key', async () => {
    await using plugin = await startPlugin();
    await using store = await openMemoryStore();
    await serving(store, plugin.endpoint, async (send) => {
      expect((await send('POST', SECRETS, { metadata: { name: 'a' }, stringData: { password: 'open sesame' } })).status).toBe(201);
      expect((await send('GET', '/healthz/kms-providers')).text).toBe('ok');
    });
    const stored = Buffer.from((await store.range({ start: '/registry/secrets/default/a' })).kvs[0]?.value ?? []);
    expect(stored.toString('latin1')).toMatch(/^k8s:enc:kms:v2:vault:/);
    expect(stored.includes(Buffer.from('open sesame').toString('base64'))).toBe(false);
    plugin.keyId = 'two';
    plugin.calls.length = 0;
    await serving(store, plugin.endpoint, async (send) => {
      expect((await send('GET', `${SECRETS}/a`)).text).toContain(Buffer.from('open sesame').toString('base64'));
      expect(plugin.calls).toEqual(['Status', 'Encrypt', 'Decrypt']);
      const secret = JSON.parse((await send('GET', `${SECRETS}/a`)).text) as object;
      expect((await send('PUT', `${SECRETS}/a`, secret)).status).toBe(200);
    });
    const [again] = (await store.range({ start: '/registry/secrets/default/a' })).kvs;
    expect(new WireMessage((again?.value ?? new Uint8Array(0)).subarray('k8s:enc:kms:v2:vault:'.length)).text(2)).toBe('two');
  });

  it('wait for a plugin that is away at the start; the server says that it is not well', async () => {
    await using plugin = await startPlugin();
    await using store = await openMemoryStore();
    await serving(store, plugin.endpoint, async (send) => {
      expect((await send('POST', SECRETS, { metadata: { name: 'a' }, stringData: { password: 'open sesame' } })).status).toBe(201);
    });
    plugin.healthz = 'sealed';
    const clock = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 100, signal) };
    await serving(store, plugin.endpoint, async (send) => {
      expect(await send('GET', '/readyz/kms-providers')).toEqual({ status: 500, text: 'internal server error: failed to perform status section of the healthz check for KMS Provider vault, error: got unexpected healthz status: sealed\n' });
      const unreadable = { status: 500, text: expect.stringMatching(/unable to transform key ..\/registry\/secrets\/default\/a..: failed to decrypt DEK, error: .* got unexpected healthz status: sealed/) as string };
      expect(await send('GET', `${SECRETS}/a`)).toEqual(unreadable);
      expect(await send('GET', SECRETS)).toEqual(unreadable);
      expect((await send('POST', SECRETS, { metadata: { name: 'b' } })).status).toBe(500);
      expect((await send('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'plain' } })).status).toBe(201);
      plugin.healthz = 'ok';
      await expect.poll(async () => (await send('GET', '/readyz/kms-providers')).status).toBe(200);
      await expect.poll(async () => (await send('GET', SECRETS)).text).toContain(Buffer.from('open sesame').toString('base64'));
      expect((await send('POST', SECRETS, { metadata: { name: 'b' } })).status).toBe(201);
    }, clock);
  });
});

it('a plugin that goes away is noticed, and after three minutes nothing more is sealed', async () => {
  await using plugin = await startPlugin();
  const clock = new VirtualClock();
  const errors: unknown[] = [];
  await using provider = await KmsProvider.open({ name: 'vault', service: await connectKms({ endpoint: plugin.endpoint, timeoutMs: 3_000 }), clock, reportError: (error) => errors.push(error) });
  const sealed = provider.encrypt(Buffer.from('x'), '/k');
  plugin.healthz = 'sealed';
  await clock.advance(60_000);
  await expect.poll(() => errors.length).toBe(1);
  expect(() => provider.check()).toThrow('got unexpected healthz status: sealed');
  await clock.advance(121_000);
  expect(() => provider.encrypt(Buffer.from('y'), '/k')).toThrow('has expired');
  expect(Buffer.from(provider.decrypt(sealed, '/k')).toString()).toBe('x');
});

it.each<{ name: string; kms: object; want: string }>([
  { name: 'version 1', kms: { apiVersion: 'v1' }, want: 'only v2 is supported' },
  { name: 'a name with a colon', kms: { name: 'a:b' }, want: "must not contain ':'" },
  { name: 'an endpoint that is no socket', kms: { endpoint: 'https://x' }, want: 'unsupported scheme "https" for KMS provider' },
  { name: 'a timeout that is none', kms: { timeout: '0s' }, want: 'should be a positive value' },
  { name: 'a cache size', kms: { cachesize: 10 }, want: 'cachesize is not supported in v2' },
])('$name is refused', ({ kms, want }) => {
  expect(() => configuration('unix:///x', kms)).toThrow(want);
});

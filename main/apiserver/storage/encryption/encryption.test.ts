import { describe, expect, test } from 'vitest';
import { openMemoryStore } from '../../../etcd/memory-store.ts';
import type { Store } from '../../../etcd/store.ts';
import { startTestApiServer } from '../../testing.ts';
import { EncryptionAtRest } from './encryption-at-rest.ts';
import { readEncryptionConfiguration } from './encryption-configuration.ts';
import { cipherOf } from './value-transformers.ts';

const KEY_1 = Buffer.alloc(32, 1).toString('base64');
const KEY_2 = Buffer.alloc(32, 2).toString('base64');

function configuration(providers: readonly object[], resources: readonly string[] = ['secrets']) {
  return readEncryptionConfiguration({ kind: 'EncryptionConfiguration', apiVersion: 'apiserver.config.k8s.io/v1', resources: [{ resources, providers }] });
}
const box = (name: string, secret: string) => ({ secretbox: { keys: [{ name, secret }] } });
const IDENTITY = { identity: {} };

/** A server over the store as long as the body runs. */
async function serving<T>(store: Store, encryption: ReturnType<typeof configuration> | undefined, body: (send: (method: string, name?: string, value?: string) => Promise<{ status: number; text: string }>) => Promise<T>): Promise<T> {
  await using server = await startTestApiServer({ store, ...(encryption ? { encryption } : {}) });
  return body(async (method, name = '', value) => {
    const object = value === undefined ? undefined : JSON.stringify({ kind: 'Secret', apiVersion: 'v1', metadata: { name: name || 's' }, stringData: { password: value } });
    const path = `/api/v1/namespaces/default/secrets${name === '' ? '' : `/${name}`}`;
    const response = await server.transport.fetch({ method, path, headers: { 'content-type': 'application/json' }, ...(object ? { body: object } : {}) });
    return { status: response.status, text: Buffer.from(response.body as Uint8Array).toString('utf8') };
  });
}

async function stored(store: Store, name: string): Promise<string> {
  const { kvs } = await store.range({ start: `/registry/secrets/default/${name}` });
  return Buffer.from(kvs[0]?.value ?? []).toString('latin1');
}

describe('Secrets in the store', () => {
  test('are sealed with the first key and read back', async () => {
    await using store = await openMemoryStore();
    await serving(store, configuration([box('key1', KEY_1), IDENTITY]), async (send) => {
      expect((await send('POST', '', 'hunter2')).status).toBe(201);
      const value = await stored(store, 's');
      expect(value.startsWith('k8s:enc:secretbox:v1:key1:')).toBe(true);
      expect(value).not.toContain(Buffer.from('hunter2').toString('base64'));
      expect((await send('GET', 's')).text).toContain(Buffer.from('hunter2').toString('base64'));
      expect((await send('GET')).text).toContain(Buffer.from('hunter2').toString('base64'));
    });
  });

  test('of a former version stay readable, and are sealed by the next write, changed or not', async () => {
    await using store = await openMemoryStore();
    await serving(store, undefined, async (send) => {
      expect((await send('POST', '', 'old')).status).toBe(201);
      expect(await stored(store, 's')).toContain('"kind":"Secret"');
    });
    await serving(store, configuration([box('key1', KEY_1), IDENTITY]), async (send) => {
      expect((await send('GET', 's')).text).toContain(Buffer.from('old').toString('base64'));
      expect((await send('PUT', 's', 'old')).status).toBe(200);
      expect((await stored(store, 's')).startsWith('k8s:enc:secretbox:v1:key1:')).toBe(true);
    });
  });

  test('move to a new key, and back to plain', async () => {
    await using store = await openMemoryStore();
    await serving(store, configuration([box('key1', KEY_1)]), (send) => send('POST', '', 'x'));
    await serving(store, configuration([{ aesgcm: { keys: [{ name: 'key2', secret: KEY_2 }] } }, box('key1', KEY_1)]), async (send) => {
      expect((await send('PUT', 's', 'x')).status).toBe(200);
      expect((await stored(store, 's')).startsWith('k8s:enc:aesgcm:v1:key2:')).toBe(true);
    });
    await serving(store, configuration([IDENTITY, { aesgcm: { keys: [{ name: 'key2', secret: KEY_2 }] } }]), async (send) => {
      expect((await send('PUT', 's', 'x')).status).toBe(200);
      expect(await stored(store, 's')).toContain('"kind":"Secret"');
    });
  });

  test.each([
    { what: 'a key that is missing', encryption: configuration([box('key2', KEY_2)]), message: 'unable to transform key "/registry/secrets/default/s": it is encrypted with the key "key1" (secretbox), which the encryption configuration does not have' },
    { what: 'a key that is another one', encryption: configuration([box('key1', KEY_2)]), message: 'the key "key1" (secretbox) of the encryption configuration is not the one that it was encrypted with' },
    { what: 'no configuration', encryption: undefined, message: 'identity transformer tried to read encrypted data' },
  ])('stop the server from starting with $what, and say so', async ({ encryption, message }) => {
    await using store = await openMemoryStore();
    await serving(store, configuration([box('key1', KEY_1)]), (send) => send('POST', '', 'x'));
    await expect(serving(store, encryption, async () => undefined)).rejects.toThrow(message);
  });

  test('that are damaged are an internal error, not a crash', async () => {
    await using store = await openMemoryStore();
    await serving(store, configuration([box('key1', KEY_1)]), async (send) => {
      await store.txn({ compare: [], success: [{ type: 'put', key: '/registry/secrets/default/bad', value: Buffer.from('k8s:enc:secretbox:v1:key1:garbage') }] });
      const { status, text } = await send('GET', 'bad');
      expect(status).toBe(500);
      expect(text).toContain('Internal error occurred: unable to transform key \\"/registry/secrets/default/bad\\"');
    });
  });
});

test('other resources are left as they are', async () => {
  await using store = await openMemoryStore();
  await using server = await startTestApiServer({ store, encryption: configuration([box('key1', KEY_1)]) });
  await server.transport.fetch({ method: 'POST', path: '/api/v1/namespaces/default/configmaps', headers: { 'content-type': 'application/json' }, body: '{"metadata":{"name":"plain"}}' });
  const { kvs } = await store.range({ start: '/registry/configmaps/default/plain' });
  expect(Buffer.from(kvs[0]?.value ?? []).toString('utf8')).toContain('"name":"plain"');
});

describe('which resources are encrypted', () => {
  test.each([
    { names: ['secrets'], resource: 'secrets', group: '', want: true },
    { names: ['secrets'], resource: 'secrets', group: 'example.com', want: false },
    { names: ['things.example.com'], resource: 'things', group: 'example.com', want: true },
    { names: ['*.apps'], resource: 'deployments', group: 'apps', want: true },
    { names: ['*.apps'], resource: 'secrets', group: '', want: false },
    { names: ['*.'], resource: 'configmaps', group: '', want: true },
    { names: ['*.'], resource: 'deployments', group: 'apps', want: false },
    { names: ['*.*'], resource: 'things', group: 'example.com', want: true },
  ])('$names: $resource of "$group" → $want', ({ names, resource, group, want }) => {
    expect(new EncryptionAtRest(configuration([box('k', KEY_1)], names)).transformerFor({ group, resource }) !== undefined).toBe(want);
  });
});

describe('a configuration is refused', () => {
  test.each([
    { what: 'without a resource', value: { resources: [] }, message: 'encryption configuration must specify at least one resource' },
    { what: 'with a short key', value: { resources: [{ resources: ['secrets'], providers: [{ secretbox: { keys: [{ name: 'k', secret: 'c2hvcnQ=' }] } }] }] }, message: 'secret is not of the expected length, got 5, expected one of [32]' },
    { what: 'with a secret that is no base64', value: { resources: [{ resources: ['secrets'], providers: [{ aescbc: { keys: [{ name: 'k', secret: '***' }] } }] }] }, message: 'secrets must be base64 encoded' },
    { what: 'with two providers in one', value: { resources: [{ resources: ['secrets'], providers: [{ identity: {}, secretbox: { keys: [] } }] }] }, message: 'provider can only specify one provider' },
    { what: 'with a resource that an earlier entry covers', value: { resources: [{ resources: ['*.*'], providers: [IDENTITY] }, { resources: ['secrets'], providers: [IDENTITY] }] }, message: '"secrets": an earlier entry covers it already' },
    { what: 'of another kind', value: { kind: 'Pod' }, message: 'must be kind EncryptionConfiguration' },
  ])('$what', ({ value, message }) => {
    expect(() => readEncryptionConfiguration({ kind: 'EncryptionConfiguration', apiVersion: 'apiserver.config.k8s.io/v1', ...value })).toThrow(message);
  });
});

describe('a cipher', () => {
  test('opens what it sealed with its own key only, and aesgcm in its place only', () => {
    for (const provider of ['aescbc', 'aesgcm', 'secretbox'] as const) {
      const cipher = cipherOf(provider, Buffer.alloc(32, 7));
      const plain = Buffer.from('some text of more than one block');
      const sealed = cipher.encrypt(plain, '/registry/secrets/a/b');
      expect(Buffer.from(cipher.decrypt(sealed, '/registry/secrets/a/b')).toString()).toBe(plain.toString());
      const other = cipherOf(provider, Buffer.alloc(32, 8));
      const read = (): string => Buffer.from(other.decrypt(sealed, '/registry/secrets/a/b')).toString();
      if (provider === 'aescbc') {
        // Its padding tells a wrong key in most cases only.
        let text = '';
        try {
          text = read();
        } catch {
          text = 'refused';
        }
        expect(text).not.toBe(plain.toString());
      } else expect(read).toThrow();
      if (provider === 'aesgcm') expect(() => cipher.decrypt(sealed, '/registry/secrets/a/c')).toThrow();
    }
  });
});

test('a configuration is replaced while the server runs, unless it could not read what is stored', async () => {
  await using store = await openMemoryStore();
  await using server = await startTestApiServer({ store, encryption: configuration([box('key1', KEY_1)]) });
  const send = async (method: string, path: string, body?: object): Promise<string> => {
    const response = await server.transport.fetch({ method, path, headers: { 'content-type': 'application/json' }, ...(body ? { body: JSON.stringify(body) } : {}) });
    return Buffer.from(response.body as Uint8Array).toString();
  };
  const path = '/api/v1/namespaces/default/secrets';
  await send('POST', path, { metadata: { name: 's' }, stringData: { password: 'one' } });
  await expect(server.apiServer.reloadEncryption(configuration([box('key2', KEY_2)]), 'no key1')).rejects.toThrow('which the encryption configuration does not have');
  await send('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'plain' } });
  await server.apiServer.reloadEncryption(configuration([box('key2', KEY_2), box('key1', KEY_1), IDENTITY], ['secrets', 'configmaps']), 'both');
  expect(await send('GET', `${path}/s`)).toContain(Buffer.from('one').toString('base64'));
  expect(await send('GET', '/api/v1/namespaces/default/configmaps/plain')).toContain('"name":"plain"');
  await send('PUT', `${path}/s`, JSON.parse(await send('GET', `${path}/s`)) as object);
  expect(await stored(store, 's')).toMatch(/^k8s:enc:secretbox:v1:key2:/);
  await send('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'sealed' } });
  const { kvs } = await store.range({ start: '/registry/configmaps/default/sealed' });
  expect(Buffer.from(kvs[0]?.value ?? []).toString('latin1')).toMatch(/^k8s:enc:secretbox:v1:key2:/);
  expect(await send('GET', '/metrics')).toMatch(/apiserver_encryption_config_controller_automatic_reloads_total\{apiserver_id_hash="sha256:[0-9a-f]+",status="failure"\} 1/);
});

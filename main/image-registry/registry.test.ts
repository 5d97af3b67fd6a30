import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ImageLayout } from './image-layout.ts';
import { startImageRegistry } from './registry.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
let directory: string;
const running = new Set<AsyncDisposable>();

beforeEach(async () => { directory = await mkdtemp(join(tmpdir(), 'image-registry-')); });
afterEach(async () => {
  for (const each of running) await each[Symbol.asyncDispose]();
  running.clear();
  await rm(directory, { recursive: true, force: true });
});

const noNetwork: typeof fetch = () => Promise.reject(new TypeError('fetch failed'));

async function start(fetch: typeof globalThis.fetch = noNetwork): Promise<Awaited<ReturnType<typeof startImageRegistry>>> {
  const registry = await startImageRegistry({
    layouts: [join(directory, 'bundle')], dataDirectory: join(directory, 'data'), port: 0, signal: new AbortController().signal, fetch,
  });
  running.add(registry);
  return registry;
}

async function bundle(name: string, text = 'layer'): Promise<{ manifest: string; layer: string }> {
  const layout = new ImageLayout(join(directory, 'bundle'));
  const layer = await layout.addBlob(Readable.from([Buffer.from(text)]));
  const manifest = await layout.addBlob(Readable.from([Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: manifestType, layers: [layer] }))]));
  await layout.setName(name, { ...manifest, mediaType: manifestType });
  return { manifest: manifest.digest, layer: layer.digest };
}

const get = (port: number, path: string, init?: RequestInit): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`, init);

test.each([
  { name: 'by its short name', path: '/v2/nginx/manifests/latest' },
  { name: 'by its library name', path: '/v2/library/nginx/manifests/latest' },
  { name: 'by its full name', path: '/v2/docker.io/library/nginx/manifests/latest' },
  { name: 'through a mirror request of containerd', path: '/v2/library/nginx/manifests/latest?ns=docker.io' },
])('a bundled image is found $name', async ({ path }) => {
  const { manifest } = await bundle('docker.io/library/nginx:latest');
  const { port } = await start();
  const response = await get(port, path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe(manifestType);
  expect(response.headers.get('docker-content-digest')).toBe(manifest);
});

test('an image of another registry is not confused with one of the same path', async () => {
  await bundle('registry.k8s.io/pause:3.10');
  const { port } = await start();
  expect((await get(port, '/v2/pause/manifests/3.10?ns=registry.k8s.io')).status).toBe(200);
  expect((await get(port, '/v2/pause/manifests/3.10?ns=quay.io')).status).toBe(503);
});

test('a blob is served whole and by range', async () => {
  const { layer } = await bundle('docker.io/library/nginx:latest', '0123456789');
  const { port } = await start();
  expect(await (await get(port, `/v2/library/nginx/blobs/${layer}`)).text()).toBe('0123456789');
  const part = await get(port, `/v2/library/nginx/blobs/${layer}`, { headers: { range: 'bytes=3-5' } });
  expect({ status: part.status, range: part.headers.get('content-range'), text: await part.text() }).toEqual({ status: 206, range: 'bytes 3-5/10', text: '345' });
  expect((await get(port, `/v2/library/nginx/blobs/${layer}`, { headers: { range: 'bytes=10-' } })).status).toBe(416);
});

test('without a network an unknown image fails with the reason in the status line', async () => {
  const { port } = await start();
  const reason = await new Promise<string | undefined>((resolve, reject) => {
    request({ port, host: '127.0.0.1', method: 'HEAD', path: '/v2/library/redis/manifests/7?ns=docker.io' }, (response) => resolve(response.statusMessage)).on('error', reject).end();
  });
  expect(reason).toBe('no network and image docker.io/library/redis:7 is not bundled');
});

test('an unknown image is pulled with a token, kept, and served again without a network', async () => {
  const content = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: manifestType, layers: [] }));
  let online = true;
  const asked: string[] = [];
  const upstream: typeof fetch = (input, init) => {
    const url = input as string;
    asked.push(url);
    if (!online) return Promise.reject(new TypeError('fetch failed'));
    if (url.startsWith('https://auth.example/')) return Promise.resolve(Response.json({ token: 't1' }));
    const headers = new Headers(init?.headers);
    if (headers.get('authorization') !== 'Bearer t1') {
      return Promise.resolve(new Response('', { status: 401, headers: { 'www-authenticate': 'Bearer realm="https://auth.example/token",service="r",scope="repository:org/app:pull"' } }));
    }
    return Promise.resolve(new Response(content, { headers: { 'content-type': manifestType } }));
  };
  const { port } = await start(upstream);
  expect(Buffer.from(await (await get(port, '/v2/org/app/manifests/v1?ns=registry.example')).arrayBuffer())).toEqual(content);
  expect(asked).toEqual([
    'https://registry.example/v2/org/app/manifests/v1', 'https://auth.example/token?service=r&scope=repository%3Aorg%2Fapp%3Apull', 'https://registry.example/v2/org/app/manifests/v1',
  ]);
  online = false;
  expect((await get(port, '/v2/org/app/manifests/v1?ns=registry.example')).status).toBe(200);
});

test('a blob whose content does not have its digest is not served', async () => {
  const { port } = await start(() => Promise.resolve(new Response('something else')));
  const digest = `sha256:${createHash('sha256').update('the real thing').digest('hex')}`;
  await expect(get(port, `/v2/org/app/blobs/${digest}?ns=registry.example`).then((response) => response.text())).rejects.toThrow();
});

test('a loaded docker archive is served and listed under its tag', async () => {
  const registry = await start();
  const archive = pack();
  archive.entry({ name: 'config.json' }, '{"architecture":"amd64","os":"linux"}');
  archive.entry({ name: 'layer.tar' }, 'layer content');
  archive.entry({ name: 'manifest.json' }, JSON.stringify([{ Config: 'config.json', RepoTags: ['shop:v1'], Layers: ['layer.tar'] }]));
  archive.finalize();
  await writeFile(join(directory, 'shop.tar'), await buffer(archive));
  expect(await registry.load(join(directory, 'shop.tar'))).toEqual(['shop:v1']);
  expect((await registry.list()).map(({ name }) => name)).toEqual(['docker.io/library/shop:v1']);
  const manifest = await (await get(registry.port, '/v2/library/shop/manifests/v1?ns=docker.io')).json() as { layers: { digest: string }[] };
  expect(await (await get(registry.port, `/v2/library/shop/blobs/${manifest.layers[0]?.digest}`)).text()).toBe('layer content');
});

test('a file that is no image archive is refused with its name', async () => {
  const registry = await start();
  await writeFile(join(directory, 'note.txt'), 'hello');
  await expect(registry.load(join(directory, 'note.txt'))).rejects.toThrow(/Cannot load ".*note.txt"/);
});

test('pushing is refused', async () => {
  const { port } = await start();
  expect((await get(port, '/v2/library/nginx/manifests/latest', { method: 'PUT', body: '{}' })).status).toBe(405);
});

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectToDaemon } from '../../main/cli/daemon-connection.ts';
import { dataDirectory } from '../../main/cluster/data-directory.ts';
import { ClusterUnderTest, until } from '../cluster-under-test.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((path) => existsSync(path));
if (executablePath === undefined) console.log('skipped: no Chromium is installed (Debian: chromium)');
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

let cluster: ClusterUnderTest;
let browser: Browser;
let page: Page;
let url: string;
const complaints: string[] = [];

beforeAll(async () => {
  if (executablePath === undefined) return;
  cluster = await ClusterUnderTest.start('--workers', '2', '--driver', 'simulated');
  url = (await cluster.status()).uiURL ?? '';
  browser = await chromium.launch({ executablePath, args: flags });
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
});
afterAll(async () => {
  await browser?.close();
  await cluster?.[Symbol.asyncDispose]();
});

const go = async (view: string): Promise<void> => {
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }).click();
};
const rows = (table: string) => page.getByRole('table', { name: table }).getByRole('row');

/** How many terminals the daemon runs now. */
async function shells(): Promise<number> {
  const { daemonPid } = await cluster.status();
  return (await readFile(`/proc/${daemonPid}/task/${daemonPid}/children`, 'utf8')).split(' ').filter((pid) => pid !== '').length;
}

describe.skipIf(executablePath === undefined)('the window', () => {
  test('logs in with the link and shows the running cluster', async () => {
    expect(page.url()).toBe(`http://127.0.0.1:${cluster.uiPort}/`);
    await page.getByText('Kubernetes v1.36').waitFor();
    await go('Nodes');
    await rows('Nodes').filter({ hasText: 'sim-2' }).filter({ hasText: 'Ready' }).waitFor();
  });

  test('nodes and pods appear, change and vanish by themselves', async () => {
    await go('Pods');
    await cluster.kubectl('create deployment web --image=nginx --replicas=3');
    await until('three running pods are shown', async () => (await rows('Pods').filter({ hasText: 'web-' }).filter({ hasText: 'Running' }).count()) === 3);
    await cluster.kubectl('scale deployment web --replicas=1');
    await until('one is left', async () => (await rows('Pods').filter({ hasText: 'web-' }).count()) === 1);
    await go('Nodes');
    await cluster.coracle(['node', 'add', '--driver', 'simulated']);
    await rows('Nodes').filter({ hasText: 'sim-3' }).filter({ hasText: 'Ready' }).waitFor();
    await cluster.coracle(['node', 'remove', 'sim-3']);
    await until('the node is gone', async () => (await rows('Nodes').filter({ hasText: 'sim-3' }).count()) === 0);
  });

  test('a pod\'s page tells its events and manifest, and deletes it', async () => {
    await go('Pods');
    const link = rows('Pods').filter({ hasText: 'web-' }).getByRole('link').first();
    const name = await link.innerText();
    await link.click();
    await page.locator('h1').filter({ hasText: name }).waitFor();
    await page.getByRole('tab', { name: 'Events' }).click();
    await page.getByText('Successfully assigned').first().waitFor();
    await page.getByRole('tab', { name: 'Manifest' }).click();
    await page.getByText('terminationGracePeriodSeconds').first().waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByText(`There is no pod “${name}”`).waitFor();
  });

  test('the terminal runs kubectl against this cluster', async () => {
    const heard: string[] = [];
    const shellsBefore = await shells();
    const other = await browser.newPage();
    other.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => heard.push(String(payload))));
    await other.goto(`http://127.0.0.1:${cluster.uiPort}/`).catch(() => {});
    await other.goto(url);
    await other.getByTestId('terminal').click();
    await until('the shell has come up', () => heard.some((frame) => frame.includes('$')));
    await other.keyboard.type('kubectl create configmap typed --from-literal=a=1\n');
    await until('the object exists', async () => (await cluster.tryKubectl('get configmap typed')).code === 0);
    await until('its output is shown', () => heard.join('').includes('configmap/typed created'));
    await other.keyboard.type('kubectl get nam\t');
    await until('completion is on', () => heard.join('').includes('espaces')); // What completion adds to the typed `nam`.
    await other.close();
    await until('closing the page ends its shell', async () => (await shells()) === shellsBefore);
  });

  test('phases are shown while the cluster stops and starts', async () => {
    using daemon = await connectToDaemon(dataDirectory(cluster.directory));
    await daemon?.call('cluster.stop', {});
    await page.getByText('The cluster is stopped').waitFor();
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText('Controllers and scheduler').waitFor();
    await go('Nodes');
    await rows('Nodes').filter({ hasText: 'sim-1' }).waitFor({ timeout: 60_000 });
  });

  test('a restart of the daemon reconnects the page by itself', async () => {
    await cluster.killDaemon();
    await page.getByText('Waiting for the Coracle daemon').waitFor();
    complaints.length = 0; // The browser itself reports the refused connections.
    await cluster.up();
    await go('Nodes');
    await rows('Nodes').filter({ hasText: 'sim-1' }).waitFor({ timeout: 60_000 });
  });

  test('the pages load nothing from elsewhere and say nothing wrong', async () => {
    const fresh = await browser.newPage();
    const foreign: string[] = [];
    const wrong: string[] = [];
    fresh.on('request', (sent) => !sent.url().startsWith(`http://127.0.0.1:${cluster.uiPort}/`) && !sent.url().startsWith('data:') && foreign.push(sent.url()));
    fresh.on('console', (message) => ['error', 'warning'].includes(message.type()) && wrong.push(message.text()));
    await fresh.goto(url);
    await fresh.getByText('Kubernetes v1.36').waitFor();
    for (const view of ['Nodes', 'Pods', 'Workloads', 'Events', 'Overview']) await fresh.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }).click();
    await fresh.close();
    expect({ foreign, wrong }).toEqual({ foreign: [], wrong: [] });
    expect(complaints.filter((text) => !text.includes('ERR_CONNECTION_REFUSED'))).toEqual([]);
  });
});

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
}

/** node:http lets a test send any Host. */
function ask(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: cluster.uiPort, path, headers }, (response) => {
      response.resume();
      response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    });
    sent.once('error', reject).end();
  });
}

function openBridge(headers: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${cluster.uiPort}/bridge`, { headers });
    socket.once('open', () => {
      socket.terminate();
      resolve('open');
    });
    socket.once('error', (error) => resolve(error.message));
  });
}

describe.skipIf(executablePath === undefined)('strangers', () => {
  test('only the link, this host and this origin get in', async () => {
    const login = await ask(new URL(url).pathname + new URL(url).search);
    const cookie = String(login.headers['set-cookie']?.[0] ?? '');
    expect({ status: login.status, location: login.headers.location }).toEqual({ status: 303, location: '/' });
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/u);
    const session = { cookie: cookie.split(';')[0] ?? '' };
    const own = `127.0.0.1:${cluster.uiPort}`;
    const answered = await Promise.all([ask('/', session), ask('/'), ask('/?token=wrong'), ask('/', { ...session, host: 'evil.example' }), ask('/../../package.json', session), ask('/%2e%2e/%2e%2e/package.json', session)]);
    expect(answered.map(({ status }) => status)).toEqual([200, 403, 403, 421, 404, 404]);
    const policy = String(answered[0]?.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(await openBridge({ ...session, origin: `http://${own}` })).toBe('open');
    expect(await openBridge({ ...session, origin: 'http://evil.example' })).toContain('403');
    expect(await openBridge({ origin: `http://${own}` })).toContain('403');
    expect(await openBridge({ ...session })).toContain('403');
  });

  test('nothing listens beyond loopback', async () => {
    const ports = new Set([cluster.apiPort, cluster.uiPort].map((port) => port.toString(16).toUpperCase().padStart(4, '0')));
    const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')));
    const listening = tables.join('').split('\n').map((line) => line.trim().split(/\s+/u)).filter(([, local, , state]) => state === '0A' && ports.has(local?.split(':')[1] ?? '')).map(([, local]) => local?.split(':')[0]);
    expect(new Set(listening)).toEqual(new Set(['0100007F']));
  });
});

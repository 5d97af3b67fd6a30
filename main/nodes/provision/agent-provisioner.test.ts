import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NodeAgentConfiguration } from '../../../kube/api/coracle/v1/node-agent-configuration.ts';
import type { NodeConnection } from '../driver.ts';
import { agentPaths, provisionAgent } from './agent-provisioner.ts';

const configuration: NodeAgentConfiguration = {
  apiVersion: 'coracle.dev/v1', kind: 'NodeAgentConfiguration', nodeName: 'worker-1', nodeIP: '10.89.0.11', apiServer: 'https://10.0.2.2:6443', clusterCA: 'PEM', bootstrapToken: 'a.b', proxyIdentity: { certificate: '', key: '' },
  clusterDomain: 'cluster.local', clusterDNS: ['10.96.0.10'], serviceCIDR: '10.96.0.0/16', clusterCIDR: '10.244.0.0/16', containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
  kubeletPort: 10250, clusterInterface: 'eth1', rootDirectory: '/var/lib/kubelet', maxPods: 110,
};
let directory: string;
let bundlePath: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'provision-'));
  bundlePath = join(directory, 'agent.mjs');
  await writeFile(bundlePath, 'agent version 1');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A node that has files and remembers how often its agent was ended. */
class FakeNode implements NodeConnection {
  readonly files = new Map<string, { readonly content: Buffer; readonly mode: number }>();
  restarts = 0;

  async exec(command: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const script = command.at(-1) ?? '';
    if (script.includes('kill')) this.restarts++;
    const listing = [...this.files].map(([path, { content }]) => `${createHash('sha256').update(content).digest('hex')}  ${path}\n`);
    return { code: 0, stdout: script.includes('sha256sum') ? listing.join('') : '', stderr: '' };
  }

  async upload({ path, source, mode }: { readonly source: Uint8Array | string; readonly path: string; readonly mode: number }): Promise<void> {
    this.files.set(path, { content: Buffer.from(source), mode });
  }

  async forward(): Promise<never> {
    throw new Error('not needed here');
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

const signal = new AbortController().signal;

test('a new node gets the agent and a configuration that only root reads', async () => {
  const node = new FakeNode();
  expect(await provisionAgent(node, { bundlePath, configuration, signal })).toEqual({ changed: true });
  expect(node.files.get(agentPaths.bundle)?.content.toString()).toBe('agent version 1');
  expect(node.files.get(agentPaths.configuration)?.mode).toBe(0o600);
});

test('a node that is up to date is left alone', async () => {
  const node = new FakeNode();
  await provisionAgent(node, { bundlePath, configuration, signal });
  expect(await provisionAgent(node, { bundlePath, configuration, signal })).toEqual({ changed: false });
  expect(node.restarts).toBe(1);
});

test('a changed configuration alone restarts the agent', async () => {
  const node = new FakeNode();
  await provisionAgent(node, { bundlePath, configuration, signal });
  expect(await provisionAgent(node, { bundlePath, configuration: { ...configuration, imageMirror: '10.0.2.2:5001' }, signal })).toEqual({ changed: true });
  expect(node.restarts).toBe(2);
});

test('a missing bundle is told by name', async () => {
  await expect(provisionAgent(new FakeNode(), { bundlePath: join(directory, 'absent.mjs'), configuration, signal })).rejects.toThrow(/Cannot read the agent bundle: .*absent\.mjs/);
});

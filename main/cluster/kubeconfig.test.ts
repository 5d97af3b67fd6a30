import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mergeKubeconfigFile, renderKubeconfig } from './kubeconfig.ts';

const ours = renderKubeconfig({ clusterName: 'coracle', server: 'https://127.0.0.1:6443', authorityCertificate: 'CA', admin: { certificate: 'CERT', key: 'KEY' } });
let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coracle-kubeconfig-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('merging the kubeconfig', () => {
  it('creates the file with the context current when there was none', async () => {
    const path = join(directory, 'new', 'config');
    expect(await mergeKubeconfigFile(path, ours)).toBe('coracle');
    expect(parse(await readFile(path, 'utf8'))).toMatchObject({ 'current-context': 'coracle', clusters: [{ name: 'coracle' }] });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('keeps other clusters, comments and the current context', async () => {
    const path = join(directory, 'config');
    await writeFile(path, '# my clusters\nclusters:\n- name: prod # keep\n  cluster: {server: https://prod}\nusers: []\ncontexts: []\ncurrent-context: prod\n');
    await mergeKubeconfigFile(path, ours);
    const text = await readFile(path, 'utf8');
    expect(text).toContain('# my clusters');
    expect(text).toContain('# keep');
    expect(parse(text)).toMatchObject({ 'current-context': 'prod', clusters: [{ name: 'prod' }, { name: 'coracle' }] });
  });

  it('replaces its own entries when merged again', async () => {
    const path = join(directory, 'config');
    await mergeKubeconfigFile(path, ours);
    await mergeKubeconfigFile(path, ours.replaceAll('6443', '7443'));
    const merged = parse(await readFile(path, 'utf8')) as { clusters: { cluster: { server: string } }[] };
    expect(merged.clusters.map((entry) => entry.cluster.server)).toEqual(['https://127.0.0.1:7443']);
  });

  it('refuses a file that is not YAML and leaves it alone', async () => {
    const path = join(directory, 'config');
    await writeFile(path, 'clusters: [unclosed');
    await expect(mergeKubeconfigFile(path, ours)).rejects.toThrow(/not valid YAML/u);
    expect(await readFile(path, 'utf8')).toBe('clusters: [unclosed');
  });
});

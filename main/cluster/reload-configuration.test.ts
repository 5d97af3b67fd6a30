import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeFileAtomic } from './atomic-file.ts';
import { followConfiguration } from './reload-configuration.ts';
import { systemClock } from './system-clock.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'coracle-reload-'));
  await mkdir(join(root, 'pki'));
  await writeFile(join(root, 'authentication.yaml'), 'first');
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function following(body: (told: string[]) => Promise<void>): Promise<void> {
  const told: string[] = [];
  const tell = (message: string, fields?: Readonly<Record<string, unknown>>): void => void told.push(`${message}: ${String(fields?.['error'] ?? fields?.['file'])}`);
  await using _following = await followConfiguration({
    directory: { root, pki: join(root, 'pki') }, clock: systemClock, log: { info: tell, warn: tell, error: tell },
    server: {
      reloadAuthentication(text) {
        if (text === 'bad') throw new Error('it makes no sense');
        told.push(`authentication ${text}`);
      },
      reloadAuthorization: (text) => void told.push(`authorization ${text}`),
      async reloadEncryption(configuration) {
        told.push(`encryption ${configuration.resources.flatMap(({ resources, providers }) => [...resources, ...providers.map(({ name }) => name)]).join(' ')}`);
      },
    },
  });
  await body(told);
}

test('a changed file is put in force, and a bad one is told of and left aside', async () => {
  await following(async (told) => {
    await writeFile(join(root, 'authentication.yaml'), 'second');
    await expect.poll(() => told).toEqual(['authentication second', 'configuration reloaded: authentication.yaml']);
    told.length = 0;
    await writeFileAtomic(join(root, 'authentication.yaml'), 'bad');
    await expect.poll(() => told).toEqual(['configuration not reloaded; the former one stays: it makes no sense']);
    told.length = 0;
    await writeFileAtomic(join(root, 'authentication.yaml'), 'third');
    await expect.poll(() => told).toEqual(['authentication third', 'configuration reloaded: authentication.yaml']);
  });
});

test('the encryption configuration is followed, and without one the default is back', async () => {
  await following(async (told) => {
    const file = join(root, 'encryption-configuration.yaml');
    await writeFile(file, JSON.stringify({ kind: 'EncryptionConfiguration', apiVersion: 'apiserver.config.k8s.io/v1', resources: [{ resources: ['configmaps'], providers: [{ identity: {} }] }] }));
    await expect.poll(() => told[0]).toBe('encryption configmaps identity');
    told.length = 0;
    await rm(file);
    await expect.poll(() => told[0]).toBe('encryption secrets secretbox identity');
  });
});

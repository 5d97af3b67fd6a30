import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { descriptionFiles } from './descriptions.ts';
import { parameterTextFile } from './parameter-texts.ts';
import { typeFiles } from './type-files.ts';

/**
 * Generates kube/api/generated at build time: `node kube/api/generate/main.ts [--force]`. Does nothing when no input changed
 * since the last run. Files whose text stays the same are not touched, so that watchers and caches stay calm.
 */
const here = dirname(fileURLToPath(import.meta.url));
const api = dirname(here);
const generated = join(api, 'generated');
const nodeModules = join(api, '../../node_modules');
/** Whose doc comments become descriptions. */
const sourcePackages = ['@kubernetes/client-node', 'kubernetes-models', '@kubernetes-models/apimachinery'];

async function inputDigest(): Promise<string> {
  const hash = createHash('sha256').update(process.version);
  const folders = [here, api, join(api, 'definitions')];
  for (const folder of folders) {
    const names = (await readdir(folder)).filter((name) => /\.(ts|json)$/.test(name) && !name.endsWith('.test.ts'));
    for (const name of names.sort()) hash.update(name).update(await readFile(join(folder, name)));
  }
  for (const name of sourcePackages) hash.update(await readFile(join(nodeModules, name, 'package.json')));
  return hash.digest('hex');
}

async function writeIfChanged(file: string, text: string): Promise<void> {
  const old = await readFile(file, 'utf8').catch(() => undefined);
  if (old === text) return;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

async function main(): Promise<void> {
  const stamp = join(generated, '.digest');
  const digest = await inputDigest();
  const old = await readFile(stamp, 'utf8').catch(() => '');
  if (old === digest && !process.argv.includes('--force')) return;
  const files = [...typeFiles(), ...descriptionFiles(nodeModules), parameterTextFile(nodeModules)];
  for (const file of files) await writeIfChanged(join(generated, file.path), file.text);
  await writeFile(stamp, digest);
  console.log(`kube/api: generated ${files.length} files`);
}

await main();

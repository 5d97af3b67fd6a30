/** Bundles the node agent into one file that runs on Node 24 with nothing beside it: agent/dist/agent.mjs. Skipped when no input changed. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const output = `${root}agent/dist/agent.mjs`;
const record = `${root}agent/dist/inputs.json`;

if (await isUpToDate()) console.log('node agent: up to date');
else {
  const started = Date.now();
  await mkdir(`${root}agent/dist`, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root, entryPoints: ['agent/main.ts'], outfile: output, bundle: true, platform: 'node', target: 'node24', format: 'esm', metafile: true,
    minifySyntax: true, minifyWhitespace: true, legalComments: 'none', logLevel: 'warning',
    // ws looks for these faster C++ parts; it works without.
    external: ['bufferutil', 'utf-8-validate'],
    // CommonJS dependencies call require(), which an ES module does not have.
    banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  });
  const inputs = Object.keys(metafile.inputs).filter((path) => !path.startsWith('<') && !path.includes('(disabled)'));
  await writeFile(record, JSON.stringify({ digest: await digestOf(inputs), inputs }));
  console.log(`node agent: ${inputs.length} files bundled in ${Date.now() - started} ms`);
}

async function isUpToDate(): Promise<boolean> {
  try {
    const { digest, inputs } = JSON.parse(await readFile(record, 'utf8')) as { digest: string; inputs: string[] };
    await readFile(output);
    return digest === (await digestOf(inputs));
  } catch {
    // Nothing built yet, or an input went away: build.
    return false;
  }
}

async function digestOf(inputs: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of [...inputs, 'agent/build.ts', 'package-lock.json'].sort()) hash.update(`${path}\0`).update(await readFile(root + path));
  return hash.digest('hex');
}

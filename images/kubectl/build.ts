/** Brings kubectl for this host: Debian's package, unpacked into the cache. Packaged apps carry the official binaries instead. */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostArchitecture } from '../architecture.ts';
import { defaultCacheDirectory } from '../cache-directory.ts';
import { downloadPackages } from '../debian/debian-archive.ts';
import { readPackageFiles } from '../debian/package-files.ts';

/** The newest suite first: its kubectl is of our own minor version; the stable one works too, a few minors behind. */
const suites = ['sid', 'trixie'] as const;

export function kubectlDirectory(): string {
  return join(defaultCacheDirectory(), 'kubectl');
}

/** Resolves with the program's path; what is there already is kept and not looked up again. */
async function buildKubectl(progress: (line: string) => void): Promise<string> {
  const directory = kubectlDirectory();
  await mkdir(directory, { recursive: true });
  const present = (await readdir(directory)).filter((name) => /^\d/u.test(name));
  if (present[0] !== undefined) return join(directory, present[0], 'kubectl');
  const failures: string[] = [];
  for (const suite of suites) {
    try {
      return await unpackFrom(suite, directory, progress);
    } catch (error) {
      failures.push(`${suite}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(`Cannot fetch kubectl: ${failures.join('; ')}`);
}

async function unpackFrom(suite: string, directory: string, progress: (line: string) => void): Promise<string> {
  const options = { suite, architecture: hostArchitecture(), cacheDirectory: defaultCacheDirectory(), progress };
  const deb = (await downloadPackages(['kubectl'], options)).find((entry) => entry.name === 'kubectl');
  if (deb === undefined) throw new Error('no package of this name');
  const program = (await readPackageFiles(deb, (path) => path === 'usr/bin/kubectl')).get('usr/bin/kubectl');
  if (program?.content === undefined) throw new Error('the package holds no usr/bin/kubectl');
  const work = join(directory, `.${process.pid}.partial`);
  const target = join(directory, deb.version.replace(/[^0-9A-Za-z.]/gu, '_'));
  await mkdir(work, { recursive: true });
  await writeFile(join(work, 'kubectl'), program.content, { mode: 0o755 });
  await rename(work, target).catch(() => rm(work, { recursive: true, force: true })); // Another build was faster.
  return join(target, 'kubectl');
}

if (import.meta.main && process.platform === 'linux') {
  const path = await buildKubectl((line) => console.error(`  kubectl: ${line}`));
  console.log(`found ${path}`);
}

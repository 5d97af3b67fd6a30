import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hostArchitecture, platformOf } from '../architecture.ts';
import { runProgram } from '../run-program.ts';
import type { ProgramOptions } from '../run-program.ts';
import { downloadPackages } from './debian-archive.ts';
import type { DebianArchiveOptions } from './debian-archive.ts';
import { readPackageFiles } from './package-files.ts';

/** Programs of a newer Debian than the host's, run with their own libraries and loader from a folder, installed nowhere. */
export interface PrivatePrograms {
  run(program: string, args: readonly string[], options?: ProgramOptions): Promise<Buffer>;
  /** A file of the packages, e.g. etc/mke2fs.conf. */
  path(file: string): string;
}

export async function unpackPrograms(names: readonly string[], options: Omit<DebianArchiveOptions, 'architecture'> & { readonly directory: string }): Promise<PrivatePrograms> {
  const { directory } = options;
  const packages = await downloadPackages(names, { ...options, architecture: hostArchitecture() });
  await rm(directory, { recursive: true, force: true });
  for (const deb of packages) {
    const tree = await readPackageFiles(deb, (path) => /^(usr\/s?bin\/|usr\/lib\/[^/]+-linux-gnu\/[^/]+\.so|usr\/lib64\/|etc\/)/.test(path) || /ld-linux[^/]*$/.test(path), options.signal);
    for (const entry of tree.values()) {
      const path = join(directory, entry.path);
      await mkdir(dirname(path), { recursive: true });
      if (entry.type === 'file') await writeFile(path, entry.content ?? '', { mode: entry.mode });
      else if (entry.type === 'symlink') await symlink(entry.target ?? '', path).catch(() => undefined);
    }
  }
  const { triplet, loader } = platformOf[hostArchitecture()];
  const libraries = join(directory, 'usr', 'lib', triplet);
  return {
    path: (file) => join(directory, file),
    run: (program, args, runOptions) => runProgram(join(libraries, loader), ['--library-path', libraries, join(directory, program), ...args], runOptions),
  };
}

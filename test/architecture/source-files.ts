import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface SourceFile {
  /** From the project's root, with forward slashes: `main/etcd/store.ts`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}
export interface Import {
  /** A path from the root for our own files; the package's name otherwise (`node:fs`, `ws`). */
  readonly target: string;
  readonly own: boolean;
  readonly typeOnly: boolean;
}

const sourceFolders = ['kube', 'main', 'agent', 'renderer', 'images'];
const importPattern = /^\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|import\((?:\s*)'([^']+)'\s*\)/gmu;

/** All sources but tests, generated and built files. */
export function productFiles(): readonly SourceFile[] {
  return sourceFolders.flatMap((folder) => walk(join(root, folder))).map(readSource);
}

function walk(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return ['node_modules', 'dist', 'generated'].includes(entry.name) ? [] : walk(join(directory, entry.name));
    const isSource = /\.(ts|svelte|mjs)$/u.test(entry.name) && !/\.(test|contract|vm)\.ts$/u.test(entry.name) && entry.name !== 'testing.ts';
    return isSource ? [join(directory, entry.name)] : [];
  });
}

function readSource(file: string): SourceFile {
  const path = relative(root, file).replaceAll('\\', '/');
  const text = readFileSync(file, 'utf8');
  const imports = [...text.matchAll(importPattern)].map((match): Import => {
    const specifier = match[2] ?? match[3] ?? '';
    const own = specifier.startsWith('.');
    return { own, typeOnly: match[1] !== undefined, target: own ? normalize(join(dirname(path), specifier)).replaceAll('\\', '/') : specifier };
  });
  return { path, text, imports };
}

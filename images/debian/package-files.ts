import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { posix } from 'node:path';
import { extract } from 'tar-stream';
import type { DebianPackage } from './debian-archive.ts';

/** One file of a file tree that is still in memory; paths have no leading or trailing slash. */
export interface TreeEntry {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly content?: Buffer;
  readonly target?: string;
}

export type FileTree = Map<string, TreeEntry>;

/** Reads the files of a package that pass the filter, without running any of its scripts. Hard links become copies. */
export async function readPackageFiles(deb: DebianPackage, keep: (path: string) => boolean, signal?: AbortSignal): Promise<FileTree> {
  const child = spawn('dpkg-deb', ['--fsys-tarfile', deb.path], { stdio: ['ignore', 'pipe', 'inherit'], signal });
  const closed = once(child, 'close');
  const tree: FileTree = new Map();
  const contents = new Map<string, TreeEntry>();
  const entries = child.stdout.pipe(extract());
  for await (const entry of entries) {
    const path = normalisePath(entry.header.name);
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const read = toTreeEntry(path, entry.header, Buffer.concat(chunks), contents);
    if (!read) continue;
    if (read.type === 'file') contents.set(path, read);
    if (path && keep(path)) tree.set(path, read);
  }
  const [code] = await closed;
  if (code !== 0) throw new Error(`Cannot unpack package "${deb.path}": dpkg-deb ended with code ${String(code)}`);
  return tree;
}

type Header = { readonly type?: string | null; readonly mode?: number; readonly uid?: number; readonly gid?: number; readonly linkname?: string | null };

function toTreeEntry(path: string, header: Header, content: Buffer, earlier: ReadonlyMap<string, TreeEntry>): TreeEntry | undefined {
  const common = { path, mode: (header.mode ?? 0o644) & 0o7777, uid: header.uid ?? 0, gid: header.gid ?? 0 };
  switch (header.type) {
    case 'directory': return { ...common, type: 'directory' };
    case 'symlink': return { ...common, type: 'symlink', mode: 0o777, target: header.linkname ?? '' };
    case 'link': {
      const original = earlier.get(normalisePath(header.linkname ?? ''));
      return original ? { ...original, path } : undefined;
    }
    default: return { ...common, type: 'file', content };
  }
}

/** Trixie packages install below /usr; a few older ones still say /bin, /sbin or /lib, which are links to it. */
export function normalisePath(name: string): string {
  const path = posix.normalize(`/${name}`).replace(/^\//, '').replace(/\/$/, '');
  return path.replace(/^(bin|sbin|lib|lib64)(?=\/|$)/, 'usr/$1');
}

export function file(path: string, content: string | Buffer, mode = 0o644): TreeEntry {
  return { path, type: 'file', mode, content: Buffer.from(content) };
}

export function directory(path: string, options: { readonly mode?: number; readonly uid?: number; readonly gid?: number } = {}): TreeEntry {
  return { path, type: 'directory', mode: options.mode ?? 0o755, uid: options.uid, gid: options.gid };
}

export function symlink(path: string, target: string): TreeEntry {
  return { path, type: 'symlink', mode: 0o777, target };
}

export function addEntries(tree: FileTree, entries: Iterable<TreeEntry>): void {
  for (const entry of entries) tree.set(entry.path, entry);
}

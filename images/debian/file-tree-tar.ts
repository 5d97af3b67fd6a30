import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import { dirname } from 'node:path';
import type { FileTree, TreeEntry } from './package-files.ts';

/** Writes a tree as a tar that depends on nothing but its content: sorted, every parent present, time zero, numeric owners. */
export async function writeTreeTar(tree: FileTree, destination: Writable): Promise<void> {
  const archive = pack();
  const written = pipeline(archive, destination);
  for (const entry of withParents(tree)) await addToArchive(archive, entry);
  archive.finalize();
  await written;
}

export async function treeTar(tree: FileTree): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await writeTreeTar(tree, new Writable({ write(chunk: Buffer, _encoding, done) { chunks.push(chunk); done(); } }));
  return Buffer.concat(chunks);
}

function addToArchive(archive: ReturnType<typeof pack>, entry: TreeEntry): Promise<void> {
  const header = {
    name: entry.type === 'directory' ? `${entry.path}/` : entry.path, mode: entry.mode, uid: entry.uid ?? 0, gid: entry.gid ?? 0,
    mtime: new Date(0), type: entry.type, linkname: entry.target, size: entry.content?.length ?? 0,
  };
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => { if (error) reject(error); else resolve(); };
    if (entry.type === 'file') archive.entry(header, entry.content ?? Buffer.alloc(0), done);
    else archive.entry(header, done);
  });
}

export function withParents(tree: FileTree): readonly TreeEntry[] {
  const complete = new Map(tree);
  for (const path of tree.keys()) {
    for (let parent = dirname(path); parent !== '.' && !complete.has(parent); parent = dirname(parent)) {
      complete.set(parent, { path: parent, type: 'directory', mode: 0o755 });
    }
  }
  return [...complete.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

import type { FileTree, TreeEntry } from './package-files.ts';

/** Names of the shared libraries that a 64-bit little-endian ELF file asks for; none for anything else (scripts, static programs). */
export function neededLibraries(content: Buffer): readonly string[] {
  if (content.length < 64 || content.readUInt32BE(0) !== 0x7f454c46 || content[4] !== 2 || content[5] !== 1) return [];
  const segments = programHeaders(content);
  const dynamic = segments.find(({ type }) => type === 2);
  if (!dynamic) return [];
  const entries: { tag: number; value: number }[] = [];
  for (let at = dynamic.offset; at + 16 <= Math.min(dynamic.offset + dynamic.size, content.length); at += 16) {
    entries.push({ tag: Number(content.readBigUInt64LE(at)), value: Number(content.readBigUInt64LE(at + 8)) });
  }
  const stringsAddress = entries.find(({ tag }) => tag === 5)?.value ?? 0;
  const load = segments.find(({ type, address, size }) => type === 1 && stringsAddress >= address && stringsAddress < address + size);
  if (!load) return [];
  const strings = stringsAddress - load.address + load.offset;
  return entries.filter(({ tag }) => tag === 1).map(({ value }) => {
    const start = strings + value;
    return content.subarray(start, content.indexOf(0, start)).toString();
  });
}

function programHeaders(content: Buffer): readonly { type: number; offset: number; address: number; size: number }[] {
  const first = Number(content.readBigUInt64LE(32));
  const length = content.readUInt16LE(54);
  return Array.from({ length: content.readUInt16LE(56) }, (_, index) => {
    const at = first + index * length;
    return { type: content.readUInt32LE(at), offset: Number(content.readBigUInt64LE(at + 8)), address: Number(content.readBigUInt64LE(at + 16)), size: Number(content.readBigUInt64LE(at + 32)) };
  });
}

/** The libraries (and the links to them) that the programs of a tree need, taken from a tree of libraries by file name. */
export function libraryClosure(programs: FileTree, libraries: FileTree, also: readonly string[] = []): readonly TreeEntry[] {
  const byName = new Map([...libraries.values()].map((entry) => [entry.path.slice(entry.path.lastIndexOf('/') + 1), entry]));
  const found = new Map<string, TreeEntry>();
  const pending = [...also, ...[...programs.values()].flatMap(({ content }) => (content ? neededLibraries(content) : []))];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const entry = byName.get(name);
    if (!entry || found.has(entry.path)) continue;
    found.set(entry.path, entry);
    if (entry.type === 'symlink') pending.push(entry.target?.split('/').pop() ?? '');
    else pending.push(...neededLibraries(entry.content ?? Buffer.alloc(0)));
  }
  return [...found.values()];
}

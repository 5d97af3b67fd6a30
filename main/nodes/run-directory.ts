import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * A short folder for unix sockets, whose paths may have 107 bytes only (104 on macOS), of one data directory and one user. Rejects a folder
 * of that name which belongs to somebody else.
 */
export async function socketDirectory(dataDirectory: string, environment: Readonly<Record<string, string | undefined>> = process.env): Promise<string> {
  const id = createHash('sha256').update(resolve(dataDirectory)).digest('hex').slice(0, 8);
  const user = process.getuid?.() ?? 0;
  const directory = join(environment.XDG_RUNTIME_DIR ?? tmpdir(), `coracle-${user}-${id}`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const info = await lstat(directory);
  if (!info.isDirectory() || (process.getuid && info.uid !== user) || (process.platform !== 'win32' && (info.mode & 0o077) !== 0)) {
    throw new Error(`Cannot use "${directory}" for sockets: it is not a folder of yours alone`);
  }
  return directory;
}

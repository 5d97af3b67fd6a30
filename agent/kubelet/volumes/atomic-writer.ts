import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface PayloadFile { readonly data: Uint8Array; readonly mode: number; readonly uid?: number }
/** By path relative to the volume. */
export type Payload = ReadonlyMap<string, PayloadFile>;

const DATA_DIR = '..data';
const NEW_DATA_DIR = '..data_tmp';

/**
 * Replaces a volume's files as one step, so that a container sees all of the old or all of the new (upstream: pkg/volume/util/atomic_writer.go).
 *
 *   volume/config -> ..data/config      what the user opens
 *   volume/..data -> ..2026_01_02_…     replaced by a rename
 *   volume/..2026_01_02_…/config        the bytes
 */
export async function writeAtomically(directory: string, payload: Payload, options: { readonly fsGroup?: number } = {}): Promise<boolean> {
  await mkdir(directory, { recursive: true, mode: 0o777 });
  const current = await readlink(join(directory, DATA_DIR)).catch(() => undefined);
  if (current !== undefined && (await isUnchanged(join(directory, current), payload))) return false;
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:T]/g, '_');
  const fresh = `..${stamp}.${randomBytes(5).toString('hex')}`;
  await writeFiles(join(directory, fresh), payload, options.fsGroup);
  await rm(join(directory, NEW_DATA_DIR), { force: true });
  await symlink(fresh, join(directory, NEW_DATA_DIR));
  await rename(join(directory, NEW_DATA_DIR), join(directory, DATA_DIR));
  const tops = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? path));
  for (const name of tops) {
    const target = `${DATA_DIR}/${name}`;
    if ((await readlink(join(directory, name)).catch(() => undefined)) !== target) {
      await rm(join(directory, name), { recursive: true, force: true });
      await symlink(target, join(directory, name));
    }
  }
  for (const name of await readdir(directory)) {
    if (name === DATA_DIR || name === fresh || tops.has(name)) continue;
    await rm(join(directory, name), { recursive: true, force: true });
  }
  return true;
}

async function writeFiles(directory: string, payload: Payload, fsGroup: number | undefined): Promise<void> {
  await mkdir(directory, { recursive: true });
  await chmod(directory, fsGroup === undefined ? 0o755 : 0o2775);
  if (fsGroup !== undefined) await chown(directory, 0, fsGroup);
  for (const [path, file] of payload) {
    const target = join(directory, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    await writeFile(target, file.data);
    await chmod(target, fsGroup === undefined ? file.mode : file.mode | 0o440);
    if (fsGroup !== undefined || file.uid !== undefined) await chown(target, file.uid ?? 0, fsGroup ?? 0);
  }
}

async function isUnchanged(directory: string, payload: Payload): Promise<boolean> {
  const existing = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = existing.filter((entry) => entry.isFile());
  if (files.length !== payload.size) return false;
  for (const [path, { data }] of payload) {
    const bytes = await readFile(join(directory, path)).catch(() => undefined);
    if (bytes === undefined || !bytes.equals(data)) return false;
  }
  return true;
}

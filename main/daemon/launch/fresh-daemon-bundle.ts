import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Beside the bundle, as inputs.json: what it was made of, paths relative to the source tree. */
export interface DaemonBundleRecord {
  readonly inputs: readonly { readonly path: string; readonly sizeBytes: number; readonly modifiedMs: number }[];
}

/**
 * The bundled daemon's file; undefined when there is none, or any file that it was made of is not what it was. Whoever edits a source and
 * starts a cluster runs what they edited.
 */
export function freshDaemonBundle(root: string): string | undefined {
  const out = join(root, 'main', 'daemon', 'dist');
  const entry = join(out, 'daemon.js');
  try {
    const { inputs } = JSON.parse(readFileSync(join(out, 'inputs.json'), 'utf8')) as DaemonBundleRecord;
    return existsSync(entry) && inputs.every((input) => isUnchanged(root, input)) ? entry : undefined;
  } catch {
    // Nothing built yet, or a source has gone.
    return undefined;
  }
}

function isUnchanged(root: string, { path, sizeBytes, modifiedMs }: DaemonBundleRecord['inputs'][number]): boolean {
  const { size, mtimeMs } = statSync(join(root, path));
  return size === sizeBytes && mtimeMs === modifiedMs;
}

import { mkdir, open, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where one cluster keeps everything; removing the folder removes the cluster. Private to the user (0700). */
export interface DataDirectory {
  readonly root: string;
  readonly pki: string;
  readonly store: string;
  readonly kubeconfig: string;
  /** One record per machine, see machine-records.ts. */
  readonly machines: string;
  /** What the drivers keep: disks, sockets, process records. */
  readonly drivers: string;
  readonly images: string;
  readonly logs: string;
  readonly settings: string;
  readonly lock: string;
  /** The daemon's control socket (a named pipe on Windows). */
  readonly controlSocket: string;
}

/** The platform's place for application data. */
export function defaultDataDirectory(platform: NodeJS.Platform = process.platform, environment: NodeJS.ProcessEnv = process.env): string {
  if (environment['CORACLE_DATA_DIR']) return environment['CORACLE_DATA_DIR'];
  switch (platform) {
    case 'darwin':
      return join(homedir(), 'Library', 'Application Support', 'Coracle');
    case 'win32':
      return join(environment['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'Coracle');
    default:
      return join(environment['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'coracle');
  }
}

export function dataDirectory(path: string = defaultDataDirectory()): DataDirectory {
  const root = resolve(path);
  return {
    root,
    pki: join(root, 'pki'),
    store: join(root, 'store', 'store.db'),
    kubeconfig: join(root, 'kubeconfig'),
    machines: join(root, 'machines'),
    drivers: join(root, 'drivers'),
    images: join(root, 'images'),
    logs: join(root, 'logs'),
    settings: join(root, 'settings.json'),
    lock: join(root, 'daemon.lock'),
    controlSocket: controlSocketPath(root),
  };
}

/** More than what a start writes before the store is open. */
const probeBytes = 64 * 1024;

/** Makes what is missing. Rejects with what to do when nothing can be written there: a daemon could not even say so in its log. */
export async function createDataDirectory(directory: DataDirectory): Promise<void> {
  try {
    for (const path of [directory.root, directory.pki, join(directory.root, 'store'), directory.machines, directory.drivers, directory.images, directory.logs]) {
      await mkdir(path, { recursive: true, mode: 0o700 });
    }
    await probe(join(directory.root, `.probe.${process.pid}`));
  } catch (cause) {
    throw new Error(`Cannot use the data directory "${directory.root}": ${whyNot(cause)}`, { cause });
  }
}

async function probe(path: string): Promise<void> {
  try {
    const file = await open(path, 'w', 0o600);
    try {
      await file.writeFile(new Uint8Array(probeBytes));
    } finally {
      await file.close();
    }
  } finally {
    await rm(path, { force: true });
  }
}

function whyNot(cause: unknown): string {
  const { code, message, path } = cause as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full; make room and start again';
    case 'EROFS':
      return 'it is read-only; make it writable and start again';
    case 'EACCES':
    case 'EPERM':
      return 'this user may not write there; give it to this user, or choose another with --data-dir';
    case 'EEXIST':
    case 'ENOTDIR':
      return `"${path ?? ''}" is not a folder; move it away and start again`;
    default:
      return message;
  }
}

function controlSocketPath(root: string): string {
  if (process.platform !== 'win32') return join(root, 'daemon.sock');
  return `\\\\.\\pipe\\coracle-${Buffer.from(root.toLowerCase()).toString('hex').slice(-64)}`;
}

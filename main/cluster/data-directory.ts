import { mkdir } from 'node:fs/promises';
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

export async function createDataDirectory(directory: DataDirectory): Promise<void> {
  for (const path of [directory.root, directory.pki, join(directory.root, 'store'), directory.machines, directory.drivers, directory.images, directory.logs]) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  }
}

function controlSocketPath(root: string): string {
  if (process.platform !== 'win32') return join(root, 'daemon.sock');
  return `\\\\.\\pipe\\coracle-${Buffer.from(root.toLowerCase()).toString('hex').slice(-64)}`;
}

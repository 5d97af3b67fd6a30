import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { VolumeError } from './payload.ts';

/** Checks a hostPath's type, and makes what an …OrCreate type asks for (upstream: pkg/volume/hostpath). */
export async function prepareHostPath(path: string, type: string): Promise<void> {
  if (type === '') return;
  const info = await stat(path).catch(() => undefined);
  const fail = (what: string): never => {
    throw new VolumeError(`hostPath type check failed: ${path} is not a ${what}`);
  };
  switch (type) {
    case 'DirectoryOrCreate':
      if (info === undefined) await mkdir(path, { recursive: true, mode: 0o755 });
      else if (!info.isDirectory()) fail('directory');
      return;
    case 'FileOrCreate':
      if (info === undefined) {
        await mkdir(dirname(path), { recursive: true });
        await (await open(path, 'a', 0o644)).close();
      } else if (!info.isFile()) fail('file');
      return;
    case 'Directory': if (info?.isDirectory() !== true) fail('directory'); return;
    case 'File': if (info?.isFile() !== true) fail('file'); return;
    case 'Socket': if (info?.isSocket() !== true) fail('socket file'); return;
    case 'CharDevice': if (info?.isCharacterDevice() !== true) fail('character device'); return;
    case 'BlockDevice': if (info?.isBlockDevice() !== true) fail('block device'); return;
    default: throw new VolumeError(`${type} is an invalid volume type`);
  }
}

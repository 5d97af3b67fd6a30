import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { defaultCacheDirectory } from '../../images/cache-directory.ts';

/** The kubectl that the project brought (images/kubectl), else the one on PATH; undefined when there is none. */
export function findKubectl(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const name = process.platform === 'win32' ? 'kubectl.exe' : 'kubectl';
  const candidates = [...bundled(), ...(environment['PATH'] ?? '').split(delimiter).filter((part) => part !== '')];
  return candidates.map((directory) => join(directory, name)).find(isExecutable);
}

/** `<cache>/kubectl/<version>/kubectl`, newest first; in the packaged app next to the resources. */
function bundled(): readonly string[] {
  const resources = (process as { resourcesPath?: string }).resourcesPath;
  const cache = join(defaultCacheDirectory(), 'kubectl');
  return [...(resources === undefined ? [] : [join(resources, 'kubectl')]), ...versions(cache).map((version) => join(cache, version))];
}

function versions(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  } catch {
    return []; // Not built yet.
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

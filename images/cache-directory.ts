import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where downloads and built images live between runs: never inside the repository, so that every clone of one user shares them. */
export function defaultCacheDirectory(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  if (environment.CORACLE_CACHE_DIR) return environment.CORACLE_CACHE_DIR;
  const base = environment.XDG_CACHE_HOME ?? join(environment.HOME ?? homedir(), '.cache');
  return join(base, 'coracle');
}

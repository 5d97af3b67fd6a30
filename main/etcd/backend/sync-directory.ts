import { closeSync, fsyncSync, openSync } from 'node:fs';

/** A new file's name is durable only with its directory. */
export function syncDirectory(path: string): void {
  // Windows has no such thing as opening a directory, and keeps names in its journal.
  if (process.platform === 'win32') return;
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

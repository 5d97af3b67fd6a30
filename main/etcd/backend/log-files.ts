import { closeSync, existsSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { syncDirectory } from './sync-directory.ts';
import { notedWriteAheadSize, writeAheadSizeName } from './write-ahead-size.ts';

/** Application ids of the file ("cora"): see SqliteLog. https://www.sqlite.org/fileformat.html#application_id */
export const incompleteId = 0x636f_7261;
export const wholeId = 0;

/** https://www.sqlite.org/fileformat.html#the_database_header */
const signature = 'SQLite format 3\0';
const pageSizeOffset = 16;
const idOffset = 68;
const headerBytes = 100;
/** https://www.sqlite.org/fileformat.html#the_write_ahead_log */
const logHeaderBytes = 32;
/** Zeros: room made for a first transaction that never was. */
const logBeginnings: readonly number[] = [0x377f_0682, 0x377f_0683, 0];
/** SQLite's primary code for "not a database" (https://www.sqlite.org/rescode.html#notadb). */
const notADatabase = 26;

export const writeAheadLogOf = (path: string): string => `${path}-wal`;

/**
 * Throws when the files are not what any crash leaves, and SQLite would open them all the same, without what they held: an empty file
 * counts as a new database for it, the write-ahead log of a file that was not closed may hold everything, and closing a file that is
 * something else writes that log into it. Changes nothing.
 * What is not seen: a log that has gone after it was moved into the file once, which closing the file leaves too, and one that was cut
 * before it was a megabyte long.
 */
export function checkLogFiles(path: string): void {
  const log = writeAheadLogOf(path);
  const logBytes = sizeOf(log);
  const bytes = sizeOf(path);
  if (bytes === undefined) {
    if ((logBytes ?? 0) > 0) throw damaged(`it is missing, and "${basename(log)}" is there`);
    return;
  }
  if (bytes === 0) throw damaged('it is empty');
  const header = read(path, headerBytes);
  // 1 stands for 65,536; nothing here makes such a file.
  if (header.toString('latin1', 0, signature.length) !== signature || bytes < header.readUInt16BE(pageSizeOffset)) throw damaged('it is no store, or the beginning of one');
  const without = `an empty file of that name, and none named "${writeAheadSizeName(path)}", starts without the writes that it held`;
  const wantedBytes = notedWriteAheadSize(path);
  if (logBytes === undefined && header.readInt32BE(idOffset) === incompleteId) throw damaged(`its write-ahead log "${basename(log)}" is missing; ${without}`);
  if (logBytes !== undefined && logBytes < wantedBytes) throw damaged(`its write-ahead log "${basename(log)}" was cut to ${logBytes} of ${wantedBytes} bytes; ${without}`);
  if (logBytes !== undefined && logBytes > logHeaderBytes && !logBeginnings.includes(read(log, logHeaderBytes).readUInt32BE(0))) {
    throw damaged(`its write-ahead log "${basename(log)}" is not one; ${without}`);
  }
}

/** Makes the file as a whole, by what `initialize` does to a file of another name: no crash leaves an empty one. */
export function createLogFile(path: string, initialize: (path: string) => void): void {
  if (existsSync(path)) return;
  const made = `${path}.new`;
  for (const file of [made, writeAheadLogOf(made)]) rmSync(file, { force: true });
  closeSync(openSync(made, 'wx', 0o600));
  initialize(made);
  renameSync(made, path);
  syncDirectory(dirname(path));
}

/** An error that SQLite might have thrown: "not a database". */
export function damaged(message: string): Error {
  return Object.assign(new Error(message), { errcode: notADatabase });
}

/** undefined when there is no such file. */
function sizeOf(path: string): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) throw damaged(`"${basename(path)}" is a folder`);
  return found?.size;
}

function read(path: string, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const file = openSync(path, 'r');
  try {
    readSync(file, bytes, 0, length, 0);
  } finally {
    closeSync(file);
  }
  return bytes;
}

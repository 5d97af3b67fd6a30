import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { parseLogLine } from './log-format.ts';

export interface LogOptions {
  readonly path: string;
  readonly follow: boolean;
  readonly tailLines?: number;
  /** Milliseconds since the epoch. */
  readonly sinceMs?: number;
  readonly timestamps: boolean;
  readonly limitBytes?: number;
  readonly stream?: 'stdout' | 'stderr';
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Asked when the end is reached: goes on following while it is true. */
  readonly isRunning: () => Promise<boolean>;
}

const CHUNK_BYTES = 64 * 1024;
const POLL_MS = 150;
/** isRunning costs a call to the runtime; asked every so many polls. */
const POLLS_PER_CHECK = 4;

/** The text of a container's log as kubectl shows it (upstream: kuberuntime/logs). Survives rotation while following. */
export async function* readContainerLog(options: LogOptions): AsyncGenerator<Buffer> {
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  for await (const line of rawLines(options)) {
    const record = parseLogLine(line);
    if (record === undefined) continue;
    if (options.stream !== undefined && record.stream !== options.stream) continue;
    if (options.sinceMs !== undefined && Date.parse(record.time) < options.sinceMs) continue;
    let text = Buffer.from(options.timestamps ? `${record.time} ${record.text}` : record.text);
    if (text.length > left) text = text.subarray(0, left);
    left -= text.length;
    if (text.length > 0) yield text;
    if (left <= 0) return;
  }
}

async function* rawLines({ path, follow, tailLines, clock, signal, isRunning }: LogOptions): AsyncGenerator<string> {
  let handle = await open(path, 'r');
  try {
    let offset = tailLines === undefined ? 0 : await tailOffset(handle, tailLines);
    let rest = Buffer.alloc(0);
    let ended = false;
    for (let polls = 0; !signal.aborted; ) {
      const chunk = await readAt(handle, offset);
      if (chunk.length > 0) {
        offset += chunk.length;
        const data = Buffer.concat([rest, chunk]);
        const last = data.lastIndexOf(0x0a);
        rest = Buffer.from(data.subarray(last + 1));
        if (last >= 0) yield* data.subarray(0, last).toString('utf8').split('\n');
        continue;
      }
      if (!follow || ended) break;
      const replaced = await reopened(handle, path);
      if (replaced !== undefined) {
        await handle.close();
        handle = replaced;
        offset = 0;
        rest = Buffer.alloc(0);
        continue;
      }
      // What was written between the last read and the container's end is read once more.
      if (polls++ % POLLS_PER_CHECK === POLLS_PER_CHECK - 1 && !(await isRunning())) ended = true;
      else await clock.sleep(POLL_MS, signal).catch(() => undefined);
    }
    if (rest.length > 0) yield rest.toString('utf8');
  } finally {
    await handle.close();
  }
}

async function readAt(handle: FileHandle, offset: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, offset);
  return buffer.subarray(0, bytesRead);
}

/** A new file in the old one's place; undefined while there is none. */
async function reopened(handle: FileHandle, path: string): Promise<FileHandle | undefined> {
  const [current, named] = await Promise.all([handle.stat(), stat(path).catch(() => undefined)]);
  return named === undefined || named.ino === current.ino ? undefined : open(path, 'r').catch(() => undefined);
}

/** Where the last `lines` lines begin, found from the end. */
export async function tailOffset(handle: FileHandle, lines: number): Promise<number> {
  const { size } = await handle.stat();
  if (lines <= 0) return size;
  let position = size;
  let found = 0;
  while (position > 0) {
    const length = Math.min(CHUNK_BYTES, position);
    const buffer = Buffer.allocUnsafe(length);
    await handle.read(buffer, 0, length, position - length);
    for (let index = length - 1; index >= 0; index--) {
      if (buffer[index] !== 0x0a || position - length + index === size - 1) continue;
      if (++found === lines) return position - length + index + 1;
    }
    position -= length;
  }
  return 0;
}

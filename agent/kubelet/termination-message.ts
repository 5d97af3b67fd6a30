import { open } from 'node:fs/promises';
import { parseLogLine } from './server/log-format.ts';
import { TERMINATION_FILE_ANNOTATION, TERMINATION_POLICY_ANNOTATION } from './runtime-labels.ts';
import type { RuntimeContainer, RuntimePod } from './runtime-pod.ts';

/** Upstream's limits: MaxContainerTerminationMessageLength, …LogLength and …LogLines. */
const MAX_FILE_BYTES = 4096;
const MAX_LOG_BYTES = 2048;
const MAX_LOG_LINES = 80;

/** By container id, for every container that has ended. */
export async function terminationMessages(pod: RuntimePod): Promise<ReadonlyMap<string, string>> {
  const messages = new Map<string, string>();
  for (const container of pod.containers) {
    if (container.state !== 'CONTAINER_EXITED') continue;
    const text = await terminationMessage(container);
    if (text !== '') messages.set(container.id, text);
  }
  return messages;
}

async function terminationMessage(container: RuntimeContainer): Promise<string> {
  const file = container.annotations[TERMINATION_FILE_ANNOTATION];
  const text = file === undefined ? '' : await readEnd(file, { maxBytes: MAX_FILE_BYTES, fromStart: true });
  const fallsBack = container.annotations[TERMINATION_POLICY_ANNOTATION] === 'FallbackToLogsOnError' && container.exitCode !== 0;
  if (text !== '' || !fallsBack || container.logPath === '') return text;
  const raw = await readEnd(container.logPath, { maxBytes: 4 * MAX_LOG_BYTES, fromStart: false });
  const lines = raw.split('\n').flatMap((line) => parseLogLine(line)?.text ?? []).slice(-MAX_LOG_LINES);
  return lines.join('').slice(-MAX_LOG_BYTES);
}

async function readEnd(path: string, { maxBytes, fromStart }: { maxBytes: number; fromStart: boolean }): Promise<string> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (handle === undefined) return '';
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, maxBytes);
    const buffer = Buffer.alloc(length);
    await handle.read(buffer, 0, length, fromStart ? 0 : size - length);
    return buffer.toString('utf8');
  } finally {
    await handle.close();
  }
}

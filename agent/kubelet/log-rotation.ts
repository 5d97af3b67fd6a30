import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { RuntimeService } from '../runtime/runtime-service.ts';

/** Upstream's containerLogMaxSize, containerLogMaxFiles and monitor interval. */
const MAX_BYTES = 10 * 1024 * 1024;
const MAX_FILES = 5;
const PERIOD_MS = 10_000;

/** Keeps containers' logs from filling the disk: 5 files of 10 MiB each, all but the newest two compressed (upstream: pkg/kubelet/logs). */
export class LogRotation {
  readonly #runtime: RuntimeService;
  readonly #clock: Clock;

  constructor(options: { readonly runtime: RuntimeService; readonly clock: Clock }) {
    this.#runtime = options.runtime;
    this.#clock = options.clock;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(PERIOD_MS, signal).catch(() => undefined);
      if (!signal.aborted) await this.#rotateAll().catch((error: unknown) => console.error('Log rotation failed', { error: String(error) }));
    }
  }

  async #rotateAll(): Promise<void> {
    for (const { id, state } of await this.#runtime.listContainers()) {
      if (state !== 'CONTAINER_RUNNING') continue;
      const path = (await this.#runtime.containerStatus(id).catch(() => undefined))?.logPath ?? '';
      if (path === '' || ((await stat(path).catch(() => undefined))?.size ?? 0) < MAX_BYTES) continue;
      await this.#rotate(id, path);
    }
  }

  async #rotate(id: string, path: string): Promise<void> {
    const rotated = await rotatedLogs(path);
    for (const old of rotated.slice(0, Math.max(0, rotated.length - (MAX_FILES - 2)))) await rm(old, { force: true });
    const newest = rotated.at(-1);
    if (newest !== undefined && !newest.endsWith('.gz')) await compress(newest);
    const stamp = new Date(this.#clock.now()).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
    await rename(path, `${path}.${stamp}`);
    // A failure here would leave the container writing to the renamed file.
    await this.#runtime.reopenContainerLog(id).catch(async (error: unknown) => {
      await rename(`${path}.${stamp}`, path);
      throw error;
    });
  }
}

/** The older files of a log, oldest first. */
export async function rotatedLogs(path: string): Promise<string[]> {
  const prefix = `${basename(path)}.`;
  const names = await readdir(dirname(path)).catch(() => []);
  return names.filter((name) => name.startsWith(prefix) && !name.endsWith('.tmp')).sort().map((name) => join(dirname(path), name));
}

async function compress(path: string): Promise<void> {
  await pipeline(createReadStream(path), createGzip(), createWriteStream(`${path}.gz.tmp`));
  await rename(`${path}.gz.tmp`, `${path}.gz`);
  await rm(path);
}

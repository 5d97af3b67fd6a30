import { watch } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { ApiServer } from '../apiserver/api-server.ts';
import { readIfExists } from './atomic-file.ts';
import { AUTHENTICATION_FILE, AUTHORIZATION_FILE } from './authentication-files.ts';
import type { DataDirectory } from './data-directory.ts';
import { ENCRYPTION_CONFIGURATION_FILE, encryptionConfiguration } from './encryption.ts';
import type { Log } from './log.ts';

export interface ReloadOptions {
  readonly directory: Pick<DataDirectory, 'root' | 'pki'>;
  readonly server: Pick<ApiServer, 'reloadAuthentication' | 'reloadAuthorization' | 'reloadEncryption'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Editors write in several steps. */
const SETTLE_MS = 200;
/** As upstream, for file systems that do not tell of changes. */
const POLL_MS = 60_000;

/**
 * Puts a changed `authentication.yaml`, `authorization.yaml` or `encryption-configuration.yaml` in force without a restart. What makes no sense is told once in the log
 * and left aside: the server goes on with what it has. A file that is removed changes nothing, but the encryption file: then the default is back.
 */
export async function followConfiguration({ directory, server, clock, log }: ReloadOptions): Promise<AsyncDisposable> {
  const stop = new AbortController();
  const files = [
    { name: AUTHENTICATION_FILE, apply: async (text: string | undefined) => text !== undefined && server.reloadAuthentication(text) },
    { name: AUTHORIZATION_FILE, apply: async (text: string | undefined) => text !== undefined && server.reloadAuthorization(text) },
    { name: ENCRYPTION_CONFIGURATION_FILE, apply: async (text: string | undefined) => server.reloadEncryption(await encryptionConfiguration(directory), text ?? '') },
  ];
  const seen = new Map<string, string | undefined>();
  for (const { name } of files) seen.set(name, await readIfExists(join(directory.root, name)));

  async function look(): Promise<void> {
    for (const { name, apply } of files) {
      try {
        const text = await readIfExists(join(directory.root, name));
        if (text === seen.get(name)) continue;
        seen.set(name, text);
        await apply(text);
        log.info('configuration reloaded', { file: name });
      } catch (error) {
        log.error('configuration not reloaded; the former one stays', { file: name, error: error instanceof Error ? error.message : String(error) });
      }
    }
  }

  let last: Promise<void> = Promise.resolve();
  let pending: Disposable | undefined;
  const soon = (): void => {
    pending?.[Symbol.dispose]();
    pending = clock.setTimer(SETTLE_MS, () => (last = last.then(look)));
  };
  const names = new Set(files.map(({ name }) => name));
  const watcher = watch(directory.root, { persistent: false, signal: stop.signal }, (_event, name) => {
    if (name === null || names.has(name)) soon();
  });
  watcher.on('error', (error) => log.error('the data directory is not watched', { error: error.message }));
  const poll = (async () => {
    while (!stop.signal.aborted) {
      await clock.sleep(POLL_MS, stop.signal).catch(() => {});
      if (!stop.signal.aborted) soon();
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('the cluster is stopping'));
      pending?.[Symbol.dispose]();
      await Promise.all([poll, last]);
    },
  };
}

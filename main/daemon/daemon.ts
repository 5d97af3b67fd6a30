import { Cluster } from '../cluster/cluster.ts';
import type { DriverName } from '../bridge/contract.ts';
import { createDataDirectory, dataDirectory } from '../cluster/data-directory.ts';
import type { Log } from '../cluster/log.ts';
import { systemClock } from '../cluster/system-clock.ts';
import { acquireProcessLock } from '../cluster/process-lock.ts';
import { serveControlSocket } from './control-socket.ts';
import { IdleMemory, eventLoopBusyMs, fullCollection } from './idle-memory.ts';
import { createHandlers } from './handlers.ts';
import { startWebServer } from './web-server.ts';

export interface DaemonOptions {
  readonly dataDirectory?: string;
  readonly workers?: number;
  /** Without it, machines of an earlier run decide and `workers` counts only for a new cluster. */
  readonly workersGiven?: boolean;
  readonly driver?: DriverName;
  readonly apiPort?: number;
  readonly uiPort?: number;
  readonly kubeconfig?: string;
  readonly ui?: boolean;
  readonly cpus?: number;
  readonly memoryMiB?: number;
  /** As upstream's --controllers; absent: all of them. */
  readonly controllers?: readonly string[];
  /** Absent: it runs. */
  readonly scheduler?: boolean;
}

/** Resolves after an orderly shutdown: everything started is stopped by then. */
export async function runDaemon(options: DaemonOptions, log: Log): Promise<void> {
  const directory = dataDirectory(options.dataDirectory);
  await createDataDirectory(directory);
  await using lifetime = new AsyncDisposableStack();
  lifetime.use(await acquireProcessLock(directory.lock));
  const shutdown = shutdownSignal();
  lifetime.use(new IdleMemory({ clock: systemClock, busyMs: eventLoopBusyMs, release: fullCollection() }));
  const cluster = lifetime.use(new Cluster({ directory, log, ...options }));
  const handlers = lifetime.use(createHandlers({ cluster, directory, log, shutdown: () => shutdown.abort(new Error('shutdown was asked for')) }));
  lifetime.use(await serveControlSocket({ path: directory.controlSocket, handlers, log }));
  if (options.ui ?? true) {
    const web = lifetime.use(await startWebServer({ handlers, directory, log, ...(options.uiPort === undefined ? {} : { port: options.uiPort }) }));
    cluster.setWindowURL(web.url);
  }
  cluster.start().catch((error: unknown) => log.error('the cluster did not start', { error: error instanceof Error ? error.message : String(error), stack: error instanceof Error ? error.stack : undefined }));
  await aborted(shutdown.signal);
  log.info('shutting down', { why: String(shutdown.signal.reason) });
}

/** The signal may have come while the daemon was starting. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })));
}

function shutdownSignal(): AbortController {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => controller.abort(new Error(signal)));
  return controller;
}

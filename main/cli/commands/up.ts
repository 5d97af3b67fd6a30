import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import type { ClusterStatus } from '../../bridge/contract.ts';
import { createDataDirectory, dataDirectory } from '../../cluster/data-directory.ts';
import type { DataDirectory } from '../../cluster/data-directory.ts';
import { lockHolder } from '../../cluster/process-lock.ts';
import { connectToDaemon, noAnswer } from '../daemon-connection.ts';
import type { DaemonConnection } from '../daemon-connection.ts';
import { freshDaemonBundle } from '../../daemon/launch/fresh-daemon-bundle.ts';
import { daemonEnvironment, daemonNodeFlags } from '../../daemon/launch/daemon-runtime.ts';
import { findElectron, runElectron } from '../electron.ts';
import { openInBrowser } from '../open-in-browser.ts';
import { PhasePrinter } from '../phase-printer.ts';
import { parseUpArguments } from '../up-arguments.ts';
import type { UpArguments } from '../up-arguments.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A daemon that does not answer within this time has failed; its log says why. */
const daemonAnswersWithinMs = 20_000;

/** Guests get time to end their pods. */
const stopLimitMs = 120_000;

/** Starts the daemon where none runs, follows the phases, and stays in the foreground unless --detach. */
export async function up(args: readonly string[]): Promise<number> {
  const options = parseUpArguments(args);
  const directory = dataDirectory(options.dataDirectory);
  const electron = options.ui && options.open && !options.detach ? await findElectron() : undefined;
  if (electron !== undefined) return runElectron(electron, { ...options, dataDirectory: directory.root });
  const interrupted = onInterrupt();
  const running = await connectToDaemon(directory);
  const isHeld = running !== undefined || (await lockHolder(directory.lock)) !== undefined;
  const daemon = isHeld || interrupted.aborted ? undefined : await startDaemon(directory, options);
  using connection = running ?? (await waitForDaemon(directory, { daemon, interrupted }));
  if (connection === undefined) return 130;
  if (daemon === undefined) await connection.call('cluster.start', {});
  const ready = await followPhases(connection, { interrupted, openWindow: options.ui && options.open });
  if (ready === undefined) {
    // A start that somebody else waits for goes on.
    if (daemon !== undefined) await shutDown(connection, daemon);
    return interrupted.aborted ? 130 : 1;
  }
  printReady(ready);
  if (options.detach || daemon === undefined) return 0;
  console.error('  Ctrl-C stops the cluster and keeps everything in it.');
  return await stayInForeground(connection, daemon, interrupted); // Awaited: returning would close the connection.
}

async function startDaemon(directory: DataDirectory, options: UpArguments): Promise<ChildProcess> {
  await createDataDirectory(directory);
  const log = await open(join(directory.logs, 'daemon.log'), 'a', 0o600);
  const entry = freshDaemonBundle(root) ?? join(root, 'main', 'daemon', 'main.ts');
  const child = spawn(process.execPath, [...daemonNodeFlags, entry, JSON.stringify({ ...options, dataDirectory: directory.root })], {
    detached: true, // Its own process group: Ctrl-C in this terminal must not kill it half-way.
    stdio: ['ignore', log.fd, log.fd],
    env: { ...process.env, ...daemonEnvironment },
  });
  await log.close();
  child.unref();
  return child;
}

/** Resolves with undefined when the user did not want to wait; a daemon of ours has ended by then. */
async function waitForDaemon(directory: DataDirectory, { daemon, interrupted }: { daemon: ChildProcess | undefined; interrupted: AbortSignal }): Promise<DaemonConnection | undefined> {
  const deadline = Date.now() + daemonAnswersWithinMs;
  while (Date.now() < deadline && !interrupted.aborted && (daemon === undefined || daemon.exitCode === null)) {
    const connection = await connectToDaemon(directory);
    if (connection !== undefined) return connection;
    await wait(25);
  }
  if (interrupted.aborted) {
    if (daemon !== undefined) await ended(daemon, () => daemon.kill('SIGTERM'));
    return undefined;
  }
  if (daemon === undefined) throw new Error(await noAnswer(directory));
  const tail = (await readFile(join(directory.logs, 'daemon.log'), 'utf8').catch(() => '')).trimEnd().split('\n').slice(-5).join('\n  ');
  throw new Error(`the daemon did not start; the end of ${join(directory.logs, 'daemon.log')}:\n  ${tail}`);
}

/** Ends a daemon of ours and what it started; its socket may be gone, and it may close the connection before its answer. */
function shutDown(connection: DaemonConnection, daemon: ChildProcess): Promise<void> {
  return ended(daemon, () => void connection.call('daemon.shutdown', {}).catch(() => daemon.kill('SIGTERM')));
}

async function ended(daemon: ChildProcess, end: () => void): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => daemon.once('exit', () => resolve()));
  end();
  const forced = setTimeout(() => daemon.kill('SIGKILL'), stopLimitMs); // It also holds this process: the daemon is unreferenced.
  await exited;
  clearTimeout(forced);
}

/** Resolves with the status once running, undefined when it failed or was interrupted. The window opens at once, so that it shows the phases too. */
function followPhases(connection: DaemonConnection, { interrupted, openWindow }: { interrupted: AbortSignal; openWindow: boolean }): Promise<ClusterStatus | undefined> {
  const printer = new PhasePrinter(process.stderr);
  let opened = !openWindow;
  return new Promise((resolve) => {
    const settle = (status: ClusterStatus | undefined) => {
      end();
      printer.finish();
      resolve(status);
    };
    const end = connection.subscribe('cluster.status', {}, {
      next(status) {
        printer.print(status.phases);
        if (!opened && status.uiURL !== undefined) {
          opened = true;
          openInBrowser(status.uiURL).catch(() => {}); // The address is printed in any case.
        }
        if (status.phase === 'Running') settle(status);
        if (status.phase === 'Failed') settle(undefined);
      },
      end: () => settle(undefined),
    });
    if (interrupted.aborted) settle(undefined);
    else interrupted.addEventListener('abort', () => settle(undefined), { once: true });
  });
}

function printReady(status: ClusterStatus): void {
  const rows = [['API server', status.apiServerURL], ['Window', status.uiURL], ['Kubeconfig', status.kubeconfig]];
  console.error('\nThe cluster is ready.');
  for (const [label, value] of rows) if (value !== undefined) console.error(`  ${`${label}:`.padEnd(13)}${value}`);
}

async function stayInForeground(connection: DaemonConnection, daemon: ChildProcess, interrupted: AbortSignal): Promise<number> {
  const exited = new Promise<number>((resolve) => daemon.once('exit', (code) => resolve(code ?? 1)));
  const stop = new Promise<'stop'>((resolve) => (interrupted.aborted ? resolve('stop') : interrupted.addEventListener('abort', () => resolve('stop'), { once: true })));
  const keepAlive = setInterval(() => {}, 3_600_000); // The daemon is unreferenced; something must hold this process.
  try {
    if ((await Promise.race([exited, stop])) === 'stop') {
      console.error('\nStopping the cluster …');
      await shutDown(connection, daemon);
      return 0;
    }
    return await exited;
  } finally {
    clearInterval(keepAlive);
  }
}

function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => controller.abort(new Error(signal)));
  return controller.signal;
}

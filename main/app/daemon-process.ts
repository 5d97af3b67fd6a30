import { appendFileSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { utilityProcess } from 'electron';
import type { UtilityProcess } from 'electron';
import { daemonEnvironment, daemonNodeFlags } from '../daemon/launch/daemon-runtime.ts';
import { dataDirectory } from '../daemon/paths.ts';

export interface DaemonProcess {
  readonly logFile: string;
  /** A new connection to the control socket; waits while the daemon starts. */
  connect(): Promise<Socket>;
  onExit(listener: (code: number) => void): void;
  /** Asks for an orderly shutdown; kills after a limit. A daemon that somebody else started is left running. */
  stop(): Promise<void>;
}

/** Guests get time to end their pods. */
const stopLimitMs = 120_000;
const connectRetryMs = 50;

/** `options` are those of `coracle up`, as the command line hands them over; none when the packaged app is opened by a click. */
export async function startDaemonProcess(options: { readonly dataDirectory?: string }): Promise<DaemonProcess> {
  const directory = dataDirectory(options.dataDirectory);
  mkdirSync(directory.logs, { recursive: true, mode: 0o700 });
  const logFile = join(directory.logs, 'daemon.log');
  const running = await tryConnect(directory.controlSocket);
  running?.destroy();
  const child = running === undefined ? fork({ ...options, dataDirectory: directory.root, ui: false }, logFile) : undefined;
  let exited = false;
  const ended = new Promise<number>((resolve) => child?.once('exit', (code) => ((exited = true), resolve(code))));
  return {
    logFile,
    async connect() {
      while (!exited) {
        const socket = await tryConnect(directory.controlSocket);
        if (socket !== undefined) return socket;
        await wait(connectRetryMs);
      }
      throw new Error(`the daemon has ended; see ${logFile}`);
    },
    onExit: (listener) => void ended.then(listener),
    async stop() {
      if (child === undefined || exited) return;
      child.kill(); // SIGTERM: the daemon stops the cluster in order.
      const forced = setTimeout(() => child.pid !== undefined && process.kill(child.pid, 'SIGKILL'), stopLimitMs);
      await ended;
      clearTimeout(forced);
    },
  };
}

/** A utility process, so that no window ever waits for the control plane. */
function fork(options: object, logFile: string): UtilityProcess {
  const child = utilityProcess.fork(join(import.meta.dirname, 'daemon.js'), [JSON.stringify(options)], {
    serviceName: 'coracle-daemon', stdio: 'pipe', execArgv: [...daemonNodeFlags], env: { ...process.env, ...daemonEnvironment },
  });
  child.stdout?.on('data', (words: Buffer) => tryToAppend(logFile, words));
  child.stderr?.on('data', (words: Buffer) => tryToAppend(logFile, words));
  return child;
}

/** Node's own last words; the daemon writes its log itself. */
function tryToAppend(logFile: string, words: Buffer): void {
  try {
    appendFileSync(logFile, words, { mode: 0o600 });
  } catch {
    // A full disk is no reason to end.
  }
}

function tryConnect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

import { connect } from 'node:net';
import { BridgeClient } from '../bridge/bridge-client.ts';
import { socketChannel } from '../bridge/socket-channel.ts';
import type { Bridge, ClusterStatus } from '../bridge/contract.ts';
import type { ClientMessage, ServerMessage } from '../bridge/messages.ts';
import type { DataDirectory } from '../cluster/data-directory.ts';
import { lockHolder } from '../cluster/process-lock.ts';

export interface DaemonConnection extends Bridge, Disposable {}

/** A daemon that is alive answers within milliseconds; one that is stopped or stuck never does. */
const answersWithinMs = 10_000;

/** Connects to the daemon of this data directory; undefined when none listens. Rejects with what to do when it does not answer. */
export async function connectToDaemon(directory: DataDirectory): Promise<DaemonConnection | undefined> {
  const socket = connect(directory.controlSocket);
  try {
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  } catch {
    socket.destroy();
    return undefined; // Nobody listens, or a socket file that a crash left behind.
  }
  const client = new BridgeClient(socketChannel<ClientMessage, ServerMessage>(socket));
  const connection = { call: client.call, subscribe: client.subscribe, [Symbol.dispose]: () => void socket.destroy() };
  if (await answers(connection)) return connection;
  socket.destroy();
  throw new Error(await noAnswer(directory));
}

/** What to tell of a daemon that holds the data directory and does not answer. */
export async function noAnswer(directory: DataDirectory): Promise<string> {
  const pid = await lockHolder(directory.lock);
  return pid === undefined ? `the daemon of ${directory.root} does not answer` : `the daemon (pid ${pid}) does not answer; end it with \`kill -9 ${pid}\` and start again`;
}

async function answers(connection: Bridge): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), answersWithinMs)));
  try {
    return await Promise.race([currentStatus(connection).then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Throws with what to do when the daemon is not running. */
export async function requireDaemon(directory: DataDirectory): Promise<DaemonConnection> {
  const connection = await connectToDaemon(directory);
  if (connection === undefined) throw new Error(`no cluster is running for ${directory.root}; start it with \`coracle up\``);
  return connection;
}

/** The status as it is now. */
export function currentStatus(connection: Bridge): Promise<ClusterStatus> {
  return new Promise((resolve, reject) => {
    const end = connection.subscribe('cluster.status', {}, {
      next: (status) => {
        end();
        resolve(status);
      },
      end: (status) => reject(new Error(status?.message ?? 'the daemon closed the connection')),
    });
  });
}

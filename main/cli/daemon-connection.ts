import { connect } from 'node:net';
import { BridgeClient } from '../bridge/bridge-client.ts';
import { socketChannel } from '../bridge/socket-channel.ts';
import type { Bridge, ClusterStatus } from '../bridge/contract.ts';
import type { ClientMessage, ServerMessage } from '../bridge/messages.ts';
import type { DataDirectory } from '../cluster/data-directory.ts';

export interface DaemonConnection extends Bridge, Disposable {}

/** Connects to the daemon of this data directory; undefined when none runs. */
export async function connectToDaemon(directory: DataDirectory): Promise<DaemonConnection | undefined> {
  const socket = connect(directory.controlSocket);
  try {
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  } catch {
    socket.destroy();
    return undefined; // Nobody listens, or a socket file that a crash left behind.
  }
  const client = new BridgeClient(socketChannel<ClientMessage, ServerMessage>(socket));
  return { call: client.call, subscribe: client.subscribe, [Symbol.dispose]: () => void socket.destroy() };
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

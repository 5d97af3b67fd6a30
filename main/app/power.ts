import { powerMonitor } from 'electron';
import { BridgeClient } from '../bridge/bridge-client.ts';
import { socketChannel } from '../bridge/socket-channel.ts';
import type { ClientMessage, ServerMessage } from '../bridge/messages.ts';
import type { DaemonProcess } from './daemon-process.ts';

/** After a sleep the guests' clocks are behind: the daemon is told, so that it sets them and leases survive. */
export function registerPowerEvents(daemon: DaemonProcess): void {
  powerMonitor.on('resume', () => {
    resume(daemon).catch((error: unknown) => console.error('Cannot tell the daemon about the wake-up:', error));
  });
}

async function resume(daemon: DaemonProcess): Promise<void> {
  const socket = await daemon.connect();
  try {
    await new BridgeClient(socketChannel<ClientMessage, ServerMessage>(socket)).call('cluster.resume', {});
  } finally {
    socket.end();
  }
}

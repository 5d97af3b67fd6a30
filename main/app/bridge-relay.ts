import type { Socket } from 'node:net';
import { ipcMain } from 'electron';
import type { WebContents } from 'electron';
import { socketChannel } from '../bridge/socket-channel.ts';
import type { ClientMessage, MessageChannel, ServerMessage } from '../bridge/messages.ts';
import type { DaemonProcess } from './daemon-process.ts';
import { isOwnPage } from './window.ts';

type DaemonChannel = MessageChannel<ClientMessage, ServerMessage>;

/** Carries bridge messages between each window and a connection of its own to the daemon; reads none of them. */
export function relayBridge(daemon: DaemonProcess): void {
  const channels = new Map<number, Promise<DaemonChannel>>();
  ipcMain.on('bridge', (event, message: ClientMessage) => {
    if (!isOwnPage(event.senderFrame?.url)) return;
    const window = event.sender;
    const channel = channels.get(window.id) ?? open(window);
    channel.then((opened) => opened.send(message)).catch((error: unknown) => console.error('The window lost the daemon:', error));
  });

  function open(window: WebContents): Promise<DaemonChannel> {
    const opening = daemon.connect().then((socket) => attach(window, socket));
    channels.set(window.id, opening);
    const forget = () => {
      channels.delete(window.id);
      opening.then((channel) => channel.close()).catch(() => {}); // It never opened: nothing to close.
    };
    window.once('destroyed', forget);
    window.once('did-start-navigation', forget);
    return opening;
  }
}

function attach(window: WebContents, socket: Socket): DaemonChannel {
  const channel = socketChannel<ClientMessage, ServerMessage>(socket);
  channel.onMessage((message) => {
    if (!window.isDestroyed()) window.send('bridge', message);
  });
  return channel;
}

/** Runs in the sandbox before the page: two functions, nothing else of Electron or Node. */
import { contextBridge, ipcRenderer } from 'electron';
import { BridgeClient } from '../bridge/bridge-client.ts';
import type { ClientMessage, ServerMessage } from '../bridge/messages.ts';

const client = new BridgeClient({
  send: (message: ClientMessage) => ipcRenderer.send('bridge', message),
  onMessage: (handler: (message: ServerMessage) => void) => void ipcRenderer.on('bridge', (_event, message: ServerMessage) => handler(message)),
  onClose: () => {}, // The daemon ends with the app.
  close: () => {},
  bufferedBytes: 0,
  drained: () => Promise.resolve(),
});

contextBridge.exposeInMainWorld('coracle', { call: client.call, subscribe: client.subscribe });

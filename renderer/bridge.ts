import type { Bridge } from '../main/bridge/contract.ts';
import { BridgeClient } from '../main/bridge/bridge-client.ts';
import type { ClientMessage, MessageChannel, ServerMessage } from '../main/bridge/messages.ts';

/** What Electron's preload script puts on the window. */
declare global {
  interface Window {
    readonly coracle?: Bridge;
  }
}

/** The bridge with its state: a browser page outlives the daemon's restarts. */
export interface BridgeConnection {
  /** Calls the listener with a working bridge after each (re)connect, and with undefined after each loss. */
  onChange(listener: (bridge: Bridge | undefined) => void): () => void;
}

const retryMs = [250, 500, 1000, 2000];

/** Electron's preload where there is one; otherwise a WebSocket to the daemon that served this page, reconnected for ever. */
export function connectBridge(): BridgeConnection {
  const preload = window.coracle;
  if (preload !== undefined) {
    return {
      onChange(listener) {
        listener(preload);
        return () => {};
      },
    };
  }
  return connectWebSocket(`${location.origin.replace(/^http/u, 'ws')}/bridge`);
}

function connectWebSocket(url: string): BridgeConnection {
  const listeners = new Set<(bridge: Bridge | undefined) => void>();
  let current: Bridge | undefined;
  let failures = 0;
  const set = (bridge: Bridge | undefined) => {
    current = bridge;
    for (const listener of listeners) listener(bridge);
  };
  const open = () => {
    const socket = new WebSocket(url);
    socket.addEventListener('open', () => {
      failures = 0;
      set(new BridgeClient(socketChannel(socket)));
    });
    socket.addEventListener('close', () => {
      if (current !== undefined) set(undefined);
      setTimeout(open, retryMs[Math.min(failures, retryMs.length - 1)]);
      failures += 1;
    });
  };
  open();
  return {
    onChange(listener) {
      listeners.add(listener);
      listener(current);
      return () => listeners.delete(listener);
    },
  };
}

function socketChannel(socket: WebSocket): MessageChannel<ClientMessage, ServerMessage> {
  return {
    send: (message) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
    onMessage: (handler) => socket.addEventListener('message', (event: MessageEvent<string>) => handler(JSON.parse(event.data) as ServerMessage)),
    onClose: (handler) => socket.addEventListener('close', handler, { once: true }),
    close: () => socket.close(),
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    drained: () => Promise.resolve(),
  };
}

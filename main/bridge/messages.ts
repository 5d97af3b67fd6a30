import type { Status } from '../../kube/apimachinery/status.ts';

/** What travels between a bridge client and the daemon, in either direction, as one JSON value per message. Ids are the client's. */
export type ClientMessage =
  | { readonly type: 'call'; readonly id: number; readonly name: string; readonly args: unknown }
  | { readonly type: 'subscribe'; readonly id: number; readonly name: string; readonly args: unknown }
  /** Ends a call or a subscription; the server stops the work behind it and sends nothing more for this id. */
  | { readonly type: 'cancel'; readonly id: number };

export type ServerMessage =
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number; readonly status: Status }
  | { readonly type: 'next'; readonly id: number; readonly item: unknown }
  | { readonly type: 'end'; readonly id: number; readonly status?: Status };

/** A reliable, ordered, two-way stream of messages: a WebSocket, the control socket, or an Electron MessagePort. */
export interface MessageChannel<Out, In> {
  send(message: Out): void;
  onMessage(handler: (message: In) => void): void;
  /** Called once, when nothing can travel any more. */
  onClose(handler: () => void): void;
  close(): void;
  /** Bytes accepted by send but not yet taken by the other side; producers of streams pause above a bound. */
  readonly bufferedBytes: number;
  /** Resolves when bufferedBytes has fallen to about nothing, or the channel closed. */
  drained(): Promise<void>;
}

import { statusOf } from '../../kube/apimachinery/status.ts';
import { newBadRequest } from '../../kube/apimachinery/status-errors.ts';
import type { Calls, Streams } from './contract.ts';
import type { ClientMessage, MessageChannel, ServerMessage } from './messages.ts';

/** One handler per entry of the contract. A stream handler yields items until it returns, throws or is aborted. */
export type CallHandlers = { readonly [K in keyof Calls]: (args: Calls[K]['args'], signal: AbortSignal) => Promise<Calls[K]['result']> };
export type StreamSources = { readonly [K in keyof Streams]: (args: Streams[K]['args'], signal: AbortSignal) => AsyncIterable<Streams[K]['item']> };

/** A window that asks for more at once is broken; further requests are refused. */
const maxOpenRequests = 512;
/** Above this a stream waits for the other side, so that a sleeping window cannot fill our memory. */
const maxBufferedBytes = 4 * 1024 * 1024;

/** Serves one client until its channel closes; then everything it started is aborted. */
export function serveBridge(channel: MessageChannel<ServerMessage, ClientMessage>, handlers: { readonly calls: CallHandlers; readonly streams: StreamSources }): Disposable {
  const open = new Map<number, AbortController>();
  const finish = () => {
    for (const controller of open.values()) controller.abort(new Error('the window closed the connection'));
    open.clear();
  };
  channel.onClose(finish);
  channel.onMessage((message) => {
    if (message.type === 'cancel') {
      open.get(message.id)?.abort(new DOMException('cancelled by the client', 'AbortError'));
      open.delete(message.id);
      return;
    }
    if (open.size >= maxOpenRequests || open.has(message.id)) {
      channel.send({ type: message.type === 'call' ? 'error' : 'end', id: message.id, status: newBadRequest('too many open requests on one connection').status });
      return;
    }
    const controller = new AbortController();
    open.set(message.id, controller);
    const work = message.type === 'call' ? runCall(message, controller.signal) : runStream(message, controller.signal);
    work.catch((error: unknown) => closeWith(message, statusOf(error))).finally(() => {
      if (open.get(message.id) === controller) open.delete(message.id);
    });
  });
  const live = (id: number) => open.has(id);

  async function runCall({ id, name, args }: Extract<ClientMessage, { type: 'call' }>, signal: AbortSignal): Promise<void> {
    const handler = own(handlers.calls, name) as ((args: unknown, signal: AbortSignal) => Promise<unknown>) | undefined;
    if (handler === undefined) throw newBadRequest(`unknown call "${name}"`);
    const result = await handler(args, signal);
    if (live(id)) channel.send({ type: 'result', id, result });
  }

  async function runStream({ id, name, args }: Extract<ClientMessage, { type: 'subscribe' }>, signal: AbortSignal): Promise<void> {
    const source = own(handlers.streams, name) as ((args: unknown, signal: AbortSignal) => AsyncIterable<unknown>) | undefined;
    if (source === undefined) throw newBadRequest(`unknown stream "${name}"`);
    for await (const item of source(args, signal)) {
      if (!live(id)) return;
      channel.send({ type: 'next', id, item });
      if (channel.bufferedBytes > maxBufferedBytes) await channel.drained();
    }
    if (live(id)) channel.send({ type: 'end', id });
  }

  function closeWith({ id, type }: ClientMessage, status: ReturnType<typeof statusOf>): void {
    if (live(id)) channel.send({ type: type === 'call' ? 'error' : 'end', id, status });
  }

  return { [Symbol.dispose]: () => (finish(), channel.close()) };
}

function own(table: object, name: string): unknown {
  return Object.hasOwn(table, name) ? (table as Record<string, unknown>)[name] : undefined;
}

import { StatusError } from '../../kube/apimachinery/status.ts';
import { newServiceUnavailable } from '../../kube/apimachinery/status-errors.ts';
import type { Bridge, StreamHandlers } from './contract.ts';
import type { ClientMessage, MessageChannel, ServerMessage } from './messages.ts';

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The client's half of the bridge over any channel. When the channel closes, calls reject and streams end with a Status. */
export class BridgeClient implements Bridge {
  readonly #channel: MessageChannel<ClientMessage, ServerMessage>;
  readonly #calls = new Map<number, Pending>();
  readonly #streams = new Map<number, StreamHandlers<unknown>>();
  #nextId = 1;
  #closed = false;

  constructor(channel: MessageChannel<ClientMessage, ServerMessage>) {
    this.#channel = channel;
    channel.onMessage((message) => this.#receive(message));
    channel.onClose(() => this.#fail());
  }

  call: Bridge['call'] = (name, args, signal) => {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      if (this.#closed) return reject(connectionLost());
      const abort = () => {
        this.#calls.delete(id);
        this.#channel.send({ type: 'cancel', id });
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
      const settle = () => signal?.removeEventListener('abort', abort);
      this.#calls.set(id, { resolve: (result) => (settle(), resolve(result as never)), reject: (error) => (settle(), reject(error)) });
      this.#channel.send({ type: 'call', id, name, args });
    });
  };

  subscribe: Bridge['subscribe'] = (name, args, handlers) => {
    const id = this.#nextId++;
    this.#streams.set(id, handlers as StreamHandlers<unknown>);
    this.#channel.send({ type: 'subscribe', id, name, args });
    return () => {
      if (this.#streams.delete(id)) this.#channel.send({ type: 'cancel', id });
    };
  };

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case 'result':
        return this.#take(message.id)?.resolve(message.result);
      case 'error':
        return this.#take(message.id)?.reject(new StatusError(message.status));
      case 'next':
        return this.#streams.get(message.id)?.next(message.item);
      case 'end': {
        const handlers = this.#streams.get(message.id);
        this.#streams.delete(message.id);
        return handlers?.end(message.status);
      }
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#calls.get(id);
    this.#calls.delete(id);
    return pending;
  }

  #fail(): void {
    this.#closed = true;
    const lost = connectionLost();
    const calls = [...this.#calls.values()];
    const streams = [...this.#streams.values()];
    this.#calls.clear();
    this.#streams.clear();
    for (const pending of calls) pending.reject(lost);
    for (const handlers of streams) handlers.end(lost.status);
  }
}

function connectionLost(): StatusError {
  return newServiceUnavailable('the connection to the Coracle daemon is closed');
}

import type { ApiResponse, WatchAccount } from './endpoints/request.ts';
import type { FlowTicket } from './flow-control/flow-control.ts';
import type { LongRequest } from './metrics/request-metrics.ts';

/** Keeps the books of one long request: a watch has its seats until it has sent the state, and counts for the width of writes until its end. */
export class LongRequestAccount implements WatchAccount {
  readonly #ticket: FlowTicket | undefined;
  readonly #begin: () => LongRequest | undefined;
  #metrics: LongRequest | undefined;
  #tells = false;
  #status = 200;
  #over = false;

  constructor(ticket: FlowTicket | undefined, begin: () => LongRequest | undefined) {
    this.#ticket = ticket;
    this.#begin = begin;
  }

  began(): void {
    this.#tells = true;
    if (!this.#over) this.#metrics = this.#begin();
  }

  initialized(): void {
    this.#ticket?.finish();
  }

  sent(events: number): void {
    this.#metrics?.sent(events);
  }

  ended(): void {
    this.#over = true;
    this.#ticket?.finish();
    this.#ticket?.forget();
    this.#metrics?.ended(this.#status);
  }

  /** What others stream (logs, another server's watch) tells nothing: it ends with the request. */
  answered({ status, body, events }: ApiResponse, signal: AbortSignal): void {
    if (this.#tells || (body instanceof Uint8Array && events === undefined)) return;
    this.#status = status;
    this.#metrics = this.#begin();
    this.#ticket?.finish();
    if (signal.aborted) this.ended();
    else signal.addEventListener('abort', () => this.ended(), { once: true });
  }
}

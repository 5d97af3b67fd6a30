import type { ApiResponse, WatchAccount } from './endpoints/request.ts';
import type { FlowTicket } from './flow-control/flow-control.ts';
import type { LongRequest } from './metrics/request-metrics.ts';

/** Keeps the books of one long request: a watch has its seats until it has sent the state, and counts for the width of writes until its end. */
export class LongRequestAccount implements WatchAccount {
  readonly #ticket: FlowTicket | undefined;
  readonly #begin: () => LongRequest | undefined;
  readonly #ended: () => void;
  #metrics: LongRequest | undefined;
  #tells = false;
  #status = 200;
  #over = false;
  #answered = false;

  /** `begin`: it is counted from now on. `ended`: it is over, and has been answered before. */
  constructor(ticket: FlowTicket | undefined, { begin, ended }: { readonly begin: () => LongRequest | undefined; readonly ended: () => void }) {
    this.#ticket = ticket;
    this.#begin = begin;
    this.#ended = ended;
  }

  began(): void {
    this.#tells = true;
    if (!this.#over) this.#metrics = this.#begin();
  }

  initialized({ isList }: { readonly isList: boolean }): void {
    this.#ticket?.finish();
    if (isList) this.#metrics?.listed();
  }

  sent(events: number, sizeBytes?: number): void {
    this.#metrics?.sent(events, sizeBytes);
  }

  ended(): void {
    this.#over = true;
    this.#ticket?.finish();
    this.#ticket?.forget();
    this.#metrics?.ended(this.#status);
    if (this.#answered) this.#ended();
  }

  /** What others stream (logs, another server's watch) tells nothing: it ends with the request. */
  answered({ status, body, events }: ApiResponse, signal: AbortSignal): void {
    if (body instanceof Uint8Array && events === undefined) return;
    this.#answered = true;
    if (this.#over) this.#ended();
    if (this.#tells) return;
    this.#status = status;
    this.#metrics = this.#begin();
    this.#ticket?.finish();
    if (signal.aborted) this.ended();
    else signal.addEventListener('abort', () => this.ended(), { once: true });
  }
}

const GONE = new Error('the client went away');

interface LiveRequest {
  readonly controller: AbortController;
  /** Asked at shutdown only. */
  readonly isLongRunning: () => boolean;
}

/** Requests under way on one server, so that shutdown can end the watches among them and wait for the others. */
export class LiveRequests {
  readonly #requests = new Set<LiveRequest>();
  readonly #finished = Promise.withResolvers<void>();
  #closed: Error | undefined;

  /** The signal aborts when `closed` is called, or when the server shuts down and does not wait for the request. */
  begin(isLongRunning: () => boolean): { readonly signal: AbortSignal; closed(): void } {
    const request = { controller: new AbortController(), isLongRunning };
    if (this.#closed) request.controller.abort(this.#closed);
    else this.#requests.add(request);
    return {
      signal: request.controller.signal,
      closed: () => {
        if (!this.#requests.delete(request)) return;
        request.controller.abort(GONE);
        this.#settle();
      },
    };
  }

  /** Ends what is long-running and all that begins from now on; the others may finish. Resolves when they have, or after a while. */
  async shutdown(reason: Error, graceMs: number): Promise<void> {
    this.#closed = reason;
    for (const request of this.#requests) if (request.isLongRunning()) this.#end(request);
    this.#settle();
    const timer = setTimeout(() => {
      for (const request of this.#requests) this.#end(request);
      this.#settle();
    }, graceMs);
    await this.#finished.promise;
    clearTimeout(timer);
  }

  #end(request: LiveRequest): void {
    this.#requests.delete(request);
    request.controller.abort(this.#closed);
  }

  #settle(): void {
    if (this.#closed && this.#requests.size === 0) this.#finished.resolve();
  }
}

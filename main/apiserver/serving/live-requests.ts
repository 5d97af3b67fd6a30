const GONE = new Error('the client went away');

/** Requests under way on one server, so that shutdown can end the watches among them. */
export class LiveRequests {
  readonly #controllers = new Set<AbortController>();
  #closed: Error | undefined;

  /** The signal aborts when `closed` is called or the server shuts down. */
  begin(): { readonly signal: AbortSignal; closed(): void } {
    const controller = new AbortController();
    if (this.#closed) controller.abort(this.#closed);
    else this.#controllers.add(controller);
    return {
      signal: controller.signal,
      closed: () => {
        if (this.#controllers.delete(controller)) controller.abort(GONE);
      },
    };
  }

  shutdown(reason: Error): void {
    this.#closed = reason;
    for (const controller of this.#controllers) controller.abort(reason);
    this.#controllers.clear();
  }
}

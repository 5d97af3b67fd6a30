/** Work that runs beside the scheduling loop (bindings, evictions). Never rejects into the void; stop() waits for all of it. */
export class BackgroundTasks {
  readonly #running = new Set<Promise<void>>();
  readonly #onError: (error: unknown) => void;
  #changed: (() => void) | undefined;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  get size(): number {
    return this.#running.size;
  }

  run(task: () => Promise<void>): void {
    const promise = task()
      .catch(this.#onError)
      .finally(() => {
        this.#running.delete(promise);
        this.#changed?.();
      });
    this.#running.add(promise);
  }

  /** Resolves when fewer than `limit` tasks run. */
  async waitBelow(limit: number): Promise<void> {
    while (this.#running.size >= limit) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#changed = resolve;
      await promise;
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running);
  }
}

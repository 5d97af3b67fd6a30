/**
 * A queue of keys for reconcilers (upstream: client-go util/workqueue). A key is held at most once while waiting; a key that is added
 * while being processed is handed out again after `done`, never to two workers at once. Order between keys is fair, not strict.
 */
export interface WorkQueue<K> extends Disposable {
  readonly length: number;
  add(key: K): void;
  addAfter(key: K, delayMs: number): void;
  /** Adds after the key's exponential back-off (5 ms doubling to 1000 s, as upstream). */
  addRateLimited(key: K): void;
  /** Resets the key's back-off. */
  forget(key: K): void;
  numRequeues(key: K): number;
  /** Waits for a key; rejects with signal.reason, and with an AbortError once the queue is disposed. */
  get(signal: AbortSignal): Promise<K>;
  done(key: K): void;
}

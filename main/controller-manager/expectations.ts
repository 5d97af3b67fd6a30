import type { Clock } from '../../kube/apimachinery/clock.ts';

/** A watch that lost an event must not stop a controller forever (upstream: ExpectationsTimeout). */
const EXPECTATIONS_TIMEOUT_MS = 5 * 60_000;

interface Expectation {
  creations: number;
  readonly deletions: Set<string>;
  readonly sinceMs: number;
}

/**
 * Remembers what a controller asked for and has not yet seen in its informer, so that it does not ask twice.
 * Example: a ReplicaSet creates 3 pods: expectCreations(key, 3); each `add` event calls creationObserved(key); until the
 * third, isSatisfied(key) is false and reconcile leaves pods alone.
 */
export class Expectations {
  readonly #clock: Clock;
  readonly #byKey = new Map<string, Expectation>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isSatisfied(key: string): boolean {
    const expectation = this.#byKey.get(key);
    if (expectation === undefined) return true;
    if (expectation.creations <= 0 && expectation.deletions.size === 0) return true;
    return this.#clock.monotonicMs() - expectation.sinceMs > EXPECTATIONS_TIMEOUT_MS;
  }

  expectCreations(key: string, count: number): void {
    this.#open(key).creations += count;
  }

  expectDeletions(key: string, uids: Iterable<string>): void {
    const expectation = this.#open(key);
    for (const uid of uids) expectation.deletions.add(uid);
  }

  creationObserved(key: string, count = 1): void {
    const expectation = this.#byKey.get(key);
    if (expectation !== undefined) expectation.creations -= count;
  }

  deletionObserved(key: string, uid: string): void {
    this.#byKey.get(key)?.deletions.delete(uid);
  }

  delete(key: string): void {
    this.#byKey.delete(key);
  }

  #open(key: string): Expectation {
    const known = this.#byKey.get(key);
    if (known !== undefined && !this.isSatisfied(key)) return known;
    const fresh: Expectation = { creations: 0, deletions: new Set(), sinceMs: this.#clock.monotonicMs() };
    this.#byKey.set(key, fresh);
    return fresh;
  }
}

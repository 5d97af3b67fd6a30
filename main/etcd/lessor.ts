import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { LeaseRecord } from './backend/backend.ts';
import { LeaseNotFoundError } from './store.ts';

/** How soon an expiry that the log refused is tried again. */
const retryMs = 1000;

interface Lease extends LeaseRecord {
  deadlineMs: number;
  timer: Disposable;
}

/**
 * The leases that live and when they end. A lease found in the log at start gets its whole time again, as in etcd after a change of
 * leader: a key may live longer than asked for, never shorter.
 */
export class Lessor implements Disposable {
  readonly #clock: Clock;
  /** Revokes the lease in the store; a rejection is retried. */
  readonly #expire: (id: string) => Promise<void>;
  readonly #leases = new Map<string, Lease>();
  #lastId = 0;

  constructor(options: { readonly clock: Clock; readonly expire: (id: string) => Promise<void> }) {
    this.#clock = options.clock;
    this.#expire = options.expire;
  }

  has(id: string): boolean {
    return this.#leases.has(id);
  }

  get(id: string): LeaseRecord {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw new LeaseNotFoundError('requested lease not found');
    return lease;
  }

  /** A decimal int64 that no lease has. Grows with the store's revision, so that an id is not used again after a restart. */
  newId(revision: number): string {
    this.#lastId = Math.max(this.#lastId + 1, revision * 1024);
    while (this.#leases.has(String(this.#lastId))) this.#lastId++;
    return String(this.#lastId);
  }

  add(record: LeaseRecord): void {
    const lifetimeMs = record.ttlSeconds * 1000;
    const lease = { ...record, deadlineMs: this.#clock.monotonicMs() + lifetimeMs, timer: this.#arm(record.id, lifetimeMs) };
    this.#leases.set(record.id, lease);
  }

  remove(id: string): void {
    this.#leases.get(id)?.timer[Symbol.dispose]();
    this.#leases.delete(id);
  }

  /** Gives the lease its whole time again. The timer is left alone: it looks at the deadline when it fires. */
  keepAlive(id: string): LeaseRecord {
    this.get(id);
    const lease = this.#leases.get(id)!;
    lease.deadlineMs = this.#clock.monotonicMs() + lease.ttlSeconds * 1000;
    return lease;
  }

  [Symbol.dispose](): void {
    for (const lease of this.#leases.values()) lease.timer[Symbol.dispose]();
    this.#leases.clear();
  }

  /** Timers of Node end at 2^31 ms; a longer wait is done in parts. */
  #arm(id: string, delayMs: number): Disposable {
    return this.#clock.setTimer(Math.min(Math.max(delayMs, 1), 2 ** 31 - 1), () => this.#onTimer(id));
  }

  #onTimer(id: string): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    const leftMs = lease.deadlineMs - this.#clock.monotonicMs();
    if (leftMs > 0) {
      lease.timer = this.#arm(id, leftMs);
      return;
    }
    this.#expire(id).catch(() => {
      // The store could not write; the lease is back, and so must its timer be.
      const kept = this.#leases.get(id);
      if (kept === undefined) return;
      kept.timer[Symbol.dispose]();
      kept.deadlineMs = this.#clock.monotonicMs();
      kept.timer = this.#arm(id, retryMs);
    });
  }
}

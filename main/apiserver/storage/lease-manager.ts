import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { Store } from '../../etcd/store.ts';

/** How long one lease is handed out to new objects (upstream: LeaseReuseDurationSeconds). */
const reuseSeconds = 60;
/** At most this part of the asked time is added by sharing. */
const reuseFraction = 0.05;
/** Objects on one lease, so that its expiry is not one huge transaction (upstream: LeaseMaxObjectCount). */
const maxObjects = 1000;

interface SharedLease {
  readonly id: Promise<string>;
  readonly endsAtMs: number;
  objects: number;
}

/**
 * Leases for objects that expire (upstream: etcd3/lease_manager.go): objects with the same time to live that are written within a minute
 * share one. Its time is longer by that minute, so each object lives at least as long as asked.
 */
export class LeaseManager {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #ended: (objects: number) => void;
  readonly #current = new Map<number, SharedLease>();

  /** `ended`: told how many objects were put on a lease that is handed out no more. */
  constructor({ store, clock, ended = () => {} }: { readonly store: Store; readonly clock: Clock; readonly ended?: (objects: number) => void }) {
    this.#store = store;
    this.#clock = clock;
    this.#ended = ended;
  }

  leaseFor(ttlSeconds: number): Promise<string> {
    const now = this.#clock.monotonicMs();
    const current = this.#current.get(ttlSeconds);
    if (current !== undefined && now < current.endsAtMs && current.objects < maxObjects) {
      current.objects++;
      return current.id;
    }
    if (current !== undefined) this.#ended(current.objects);
    const extraSeconds = Math.min(reuseSeconds, Math.floor(ttlSeconds * reuseFraction));
    const id = this.#store.leaseGrant(ttlSeconds + extraSeconds).then((granted) => granted.id);
    const lease = { id, endsAtMs: now + extraSeconds * 1000, objects: 1 };
    this.#current.set(ttlSeconds, lease);
    // A failed grant must not be handed out again; whoever asked sees the rejection itself.
    id.catch(() => {
      if (this.#current.get(ttlSeconds) === lease) this.#current.delete(ttlSeconds);
    });
    return id;
  }
}

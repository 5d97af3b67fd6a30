import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { Store } from '../etcd/store.ts';
import type { Log } from './log.ts';

/** As the API server upstream (--etcd-compaction-interval): history of five to ten minutes is kept. */
const intervalMs = 5 * 60_000;

/** Forgets old history again and again: every five minutes, what was older than the previous round. Disposing ends it. */
export function startCompaction({ store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: Log }): Disposable {
  let previous = store.revision;
  let timer: Disposable | undefined;
  const plan = (): void => {
    timer = clock.setTimer(intervalMs, () => {
      const revision = previous;
      previous = store.revision;
      // A full disk or a revision compacted already: the next round comes soon enough.
      if (revision > store.compactRevision) store.compact(revision).catch((error: unknown) => log.warn('cannot compact the store', { revision, error: String(error) }));
      plan();
    });
  };
  plan();
  return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() };
}

import { formatDuration } from '../../../kube/apimachinery/duration.ts';

/** Where the time of a request goes (upstream: endpoints/request/webhook_duration.go). */
export type LatencyLayer = 'apf-queue-wait' | 'authentication' | 'authorization' | 'etcd' | 'impersonation' | 'mutating-webhook' | 'validating-webhook';

/** What is asked side by side, or may be asked again: the longest counts. Of all others: the sum. */
const LONGEST: ReadonlySet<LatencyLayer> = new Set(['apf-queue-wait', 'authorization', 'validating-webhook']);
/** A request that takes longer says where its time went. */
const THRESHOLD_MS = 500;

/**
 * The layers' times of one request, in milliseconds. Differs from upstream: an answer is one copy of stored bytes here, so there are no
 * layers of decoding, transforming, serializing and writing it; `etcd` is the store's writes, reads come from memory.
 */
export class RequestLatency {
  readonly #layers = new Map<LatencyLayer, number>();

  took(layer: LatencyLayer, elapsedMs: number): void {
    const before = this.#layers.get(layer) ?? 0;
    this.#layers.set(layer, LONGEST.has(layer) ? Math.max(before, elapsedMs) : before + elapsedMs);
  }

  /** Empty unless the request was slow. */
  annotations(totalMs: number): Readonly<Record<string, string>> {
    if (totalMs <= THRESHOLD_MS) return {};
    const layers = [...this.#layers].filter(([, elapsedMs]) => elapsedMs > 0);
    if (layers.length === 0) return {};
    return Object.fromEntries([...layers, ['total', totalMs] as const].map(([layer, elapsedMs]) => [`apiserver.latency.k8s.io/${layer}`, formatDuration(elapsedMs)]));
  }
}

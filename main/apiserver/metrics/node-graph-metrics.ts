import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { exponentialBounds, type MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';

/** Times what the node authorizer does for each object that it follows (upstream: plugin/pkg/auth/authorizer/node/metrics.go). */
export function nodeGraphTiming(registry: MetricsRegistry, clock: Clock): (action: string, run: () => void) => void {
  const durations = registry.histogram({
    name: 'node_authorizer_graph_actions_duration_seconds', stability: 'ALPHA', help: 'Time that it took to take note of an object that nodes may read, or that leads to others.', labels: ['operation'], bounds: exponentialBounds(0.0001, 2, 12),
  });
  return (action, run) => {
    const startMs = clock.monotonicMs();
    run();
    durations.with(action).observe((clock.monotonicMs() - startMs) / 1000);
  };
}

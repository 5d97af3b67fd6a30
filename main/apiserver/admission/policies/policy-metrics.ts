import type { MetricVector } from '../../../../kube/apimachinery/metrics/metric-family.ts';
import type { Counter, Histogram } from '../../../../kube/apimachinery/metrics/metric-values.ts';
import type { MetricsRegistry } from '../../../../kube/apimachinery/metrics/metrics-registry.ts';

const BOUNDS = [5e-7, 0.001, 0.01, 0.1, 1];

export interface PolicyCheck {
  readonly policy: string;
  readonly binding: string;
  /** What is said of the failure. */
  readonly message: string;
  /** What came of it; `allow`: the failure was ignored. */
  readonly action: 'deny' | 'audit' | 'warn' | 'allow';
  readonly elapsedMs: number;
}

/** Counts expressions of validating policies that did not hold (upstream: plugin/policy/validating/metrics). */
export class PolicyMetrics {
  readonly #checks: MetricVector<Counter>;
  readonly #durations: MetricVector<Histogram>;

  constructor(registry: MetricsRegistry) {
    const labels = ['policy', 'policy_binding', 'error_type', 'enforcement_action'];
    const name = 'apiserver_validating_admission_policy_check';
    this.#checks = registry.counter({ name: `${name}_total`, stability: 'BETA', help: 'Checks of validating policies that were not passed, by what came of it.', labels });
    this.#durations = registry.histogram({ name: `${name}_duration_seconds`, stability: 'BETA', help: 'Time that these checks took.', labels, bounds: BOUNDS });
  }

  checked({ policy, binding, message, action, elapsedMs }: PolicyCheck): void {
    const values = [policy, binding, errorType(message), action] as const;
    this.#checks.with(...values).inc();
    this.#durations.with(...values).observe(elapsedMs / 1000);
  }
}

/** Times mutating policies, and counts their failures (upstream: plugin/policy/mutating/metrics). */
export class MutationMetrics {
  readonly #checks: MetricVector<Counter>;
  readonly #durations: MetricVector<Histogram>;

  constructor(registry: MetricsRegistry) {
    const labels = ['policy', 'policy_binding', 'error_type'];
    const name = 'apiserver_mutating_admission_policy_check';
    this.#checks = registry.counter({ name: `${name}_total`, stability: 'ALPHA', help: 'Runs of mutating policies.', labels });
    this.#durations = registry.histogram({ name: `${name}_duration_seconds`, stability: 'ALPHA', help: 'Time that runs of mutating policies took.', labels, bounds: BOUNDS });
  }

  /** `problem`: what is said of the failure; absent where there was none. */
  ran({ policy, binding, problem, elapsedMs }: { readonly policy: string; readonly binding: string; readonly problem: string | undefined; readonly elapsedMs: number }): void {
    const type = problem === undefined ? 'no_error' : errorType(problem);
    this.#checks.with(policy, binding, type).inc();
    this.#durations.with(policy, binding, type).observe(elapsedMs / 1000);
  }
}

/** As upstream tells them apart: by the text. */
function errorType(message: string): string {
  if (message.startsWith('compilation')) return 'compile_error';
  return message.startsWith('validation failed due to running out of cost budget') ? 'out_of_budget' : 'invalid_error';
}

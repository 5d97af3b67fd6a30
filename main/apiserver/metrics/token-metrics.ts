import type { Counter, Gauge, Histogram } from '../../../kube/apimachinery/metrics/metric-values.ts';
import type { MetricVector } from '../../../kube/apimachinery/metrics/metric-family.ts';
import type { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';

/** Kinds of service account tokens that upstream counts, by the names of its metrics. */
const USES = {
  valid: 'serviceaccount_valid_tokens_total', stale: 'serviceaccount_stale_tokens_total', legacy: 'serviceaccount_legacy_tokens_total',
  legacyAuto: 'serviceaccount_legacy_auto_token_uses_total', legacyManual: 'serviceaccount_legacy_manual_token_uses_total', legacyInvalid: 'serviceaccount_invalid_legacy_auto_token_uses_total',
} as const;
const USE_HELP: Readonly<Record<TokenUse, string>> = {
  valid: 'Tokens of pods that were shown in time.', stale: 'Tokens of pods that should have been renewed.', legacy: 'Tokens of Secrets.',
  legacyAuto: 'Tokens of Secrets that were made for the account.', legacyManual: 'Tokens of Secrets that somebody made.', legacyInvalid: 'Tokens of Secrets that are marked invalid.',
};
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export type TokenUse = keyof typeof USES;

/** Counts bearer tokens under upstream's names (apiserver/pkg/authentication/token/cache/stats.go, pkg/serviceaccount/metrics.go). */
export class TokenMetrics {
  readonly #uses = new Map<TokenUse, Counter>();
  readonly #requests: { readonly hit: Counter; readonly miss: Counter };
  readonly #durations: { readonly hit: Histogram; readonly miss: Histogram };
  readonly #fetches: MetricVector<Counter>;
  readonly #active: Gauge;

  constructor(registry: MetricsRegistry) {
    for (const [use, name] of Object.entries(USES) as [TokenUse, string][]) this.#uses.set(use, registry.counter({ name, stability: 'ALPHA', help: USE_HELP[use] }).with());
    const cache = 'authentication_token_cache';
    const requests = registry.counter({ name: `${cache}_request_total`, stability: 'ALPHA', help: 'Tokens by whether they were known.', labels: ['status'] });
    const durations = registry.histogram({ name: `${cache}_request_duration_seconds`, stability: 'ALPHA', help: 'Time that it took to judge a token.', labels: ['status'], bounds: BOUNDS });
    this.#requests = { hit: requests.with('hit'), miss: requests.with('miss') };
    this.#durations = { hit: durations.with('hit'), miss: durations.with('miss') };
    this.#fetches = registry.counter({ name: `${cache}_fetch_total`, stability: 'ALPHA', help: 'Judgements of tokens that were not known, by whether one was reached.', labels: ['status'] });
    this.#active = registry.gauge({ name: `${cache}_active_fetch_count`, stability: 'ALPHA', help: 'Judgements under way.', labels: ['status'] }).with('in_flight');
  }

  used(use: TokenUse): void {
    this.#uses.get(use)?.inc();
  }

  hit(elapsedMs: number): void {
    this.#requests.hit.inc();
    this.#durations.hit.observe(elapsedMs / 1000);
  }

  /** A token that has to be judged; call what it returns when that is done. */
  fetching(): (outcome: { readonly failed: boolean; readonly elapsedMs: number }) => void {
    this.#active.add(1);
    return ({ failed, elapsedMs }) => {
      this.#active.add(-1);
      this.#fetches.with(failed ? 'error' : 'ok').inc();
      this.#requests.miss.inc();
      this.#durations.miss.observe(elapsedMs / 1000);
    };
  }
}

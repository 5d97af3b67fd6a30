import { MAX } from '../../cel/cost/range.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';

/** Upstream: apiextensions-apiserver, StaticEstimatedCostLimit and StaticEstimatedCRDCostLimit. */
const EXPRESSION_LIMIT = 10_000_000;
const SCHEMA_LIMIT = 100_000_000;
/** Rules that cost less are not named. */
const NAMED_FROM = SCHEMA_LIMIT / 100;
const MAX_NAMED = 4;

/** What the rules of one schema may cost at most, estimated. */
export class RuleCosts {
  readonly #isUnchanged: boolean;
  #total = 0;
  #expensive: { readonly path: FieldPath; readonly cost: number }[] = [];

  constructor({ isUnchanged }: { readonly isUnchanged: boolean }) {
    this.#isUnchanged = isUnchanged;
  }

  check(name: string, cost: number, { path, errors }: { readonly path: FieldPath; readonly errors: FieldErrors }): void {
    if (!this.#isUnchanged && cost > EXPRESSION_LIMIT) errors.forbidden(path, excess(name, cost / EXPRESSION_LIMIT));
  }

  observe(path: FieldPath, cost: number): void {
    this.#total = Math.min(this.#total + cost, MAX);
    if (cost < NAMED_FROM) return;
    this.#expensive = [...this.#expensive, { path, cost }].toSorted((a, b) => b.cost - a.cost).slice(0, MAX_NAMED);
  }

  checkTotal(path: FieldPath, errors: FieldErrors): void {
    if (this.#total <= SCHEMA_LIMIT) return;
    for (const expensive of this.#expensive) errors.forbidden(expensive.path, 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema');
    errors.forbidden(path, excess('x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema', this.#total / SCHEMA_LIMIT));
  }
}

function excess(name: string, factor: number): string {
  const times = factor > 100 ? 'more than 100x' : `${factor.toFixed(factor < 1.5 ? 6 : 1)}x`;
  return `${name} exceeds budget by factor of ${times} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}

import { selectorMatches } from '../../../kube/apimachinery/label-selector.ts';
import { type ClusterRole, clusterroles, type PolicyRule } from '../../../kube/api/generated/rbac/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { semanticEqual } from '../semantic-equal.ts';

/** The rules of all roles that the selectors pick, in the order of their names, each rule once. */
export function aggregateRules(role: ClusterRole, all: readonly ClusterRole[]): readonly PolicyRule[] {
  const rules: PolicyRule[] = [];
  const sorted = all.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    for (const other of sorted) {
      if (other.metadata.name === role.metadata.name || !selectorMatches(selector, other.metadata.labels)) continue;
      for (const rule of other.rules ?? []) if (!rules.some((known) => semanticEqual(known, rule))) rules.push(rule);
    }
  }
  return rules;
}

/** Fills ClusterRoles that have an aggregationRule. */
export class ClusterRoleAggregationController implements Controller {
  readonly name = 'clusterrole-aggregation-controller';
  readonly workers = 1;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #roles: Informer<ClusterRole>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#roles = context.informers.informer(clusterroles);
    const aggregated = (): string[] => this.#roles.lister.list().flatMap(({ metadata, aggregationRule }) => (aggregationRule === undefined ? [] : [metadata.name]));
    this.watches = [{ informer: this.#roles, keysFor: aggregated }] as readonly ControllerWatch[];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<void> {
    const role = this.#roles.lister.get(name);
    if (role?.aggregationRule === undefined) return;
    const rules = aggregateRules(role, this.#roles.lister.list());
    if (semanticEqual(role.rules, rules)) return;
    // No rules are no field, as in upstream's apply configuration: what others have written there stays.
    const patch = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, ...(rules.length > 0 ? { rules } : {}) };
    await this.#context.client.patch(clusterroles, { name }, { type: 'apply', patch }, { fieldManager: this.name, force: true, signal });
  }
}

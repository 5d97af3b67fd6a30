import { deepEqual } from '../../../kube/apimachinery/json.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { isNotFound } from '../../../kube/apimachinery/status.ts';
import type { Registry, WriteContext } from '../registry/generic/registry.ts';
import type { ObjectMirror } from '../registry/object-mirror.ts';
import { aggregatedRules, type AggregatingRole } from './bootstrap-policy.ts';
import { RBAC_GROUP } from './rbac.ts';

const context: WriteContext = {
  user: { name: 'system:serviceaccount:kube-system:clusterrole-aggregation-controller', groups: ['system:masters'] }, dryRun: false, version: 'v1', warnings: [],
};

/** Keeps the rules of ClusterRoles with an aggregationRule equal to those of the roles they select (upstream: the clusterrole-aggregation controller). */
export class RoleAggregator implements AsyncDisposable {
  readonly #registry: Registry;
  readonly #roles = new Map<string, AggregatingRole>();
  readonly #onError: (error: unknown) => void;
  #running: Promise<void> | undefined;
  #isStale = false;
  #isDisposed = false;

  constructor({ registry, onError }: { readonly registry: Registry; readonly onError: (error: unknown) => void }) {
    this.#registry = registry;
    this.#onError = onError;
  }

  async follow(mirror: ObjectMirror): Promise<void> {
    await mirror.observe({ group: RBAC_GROUP, resource: 'clusterroles' }, {
      clear: () => this.#roles.clear(),
      set: (object) => {
        this.#roles.set(object.metadata.name, object as AggregatingRole);
        this.#schedule();
      },
      remove: ({ metadata }) => {
        this.#roles.delete(metadata.name);
        this.#schedule();
      },
    });
  }

  #schedule(): void {
    this.#isStale = true;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  async #run(): Promise<void> {
    while (this.#isStale && !this.#isDisposed) {
      this.#isStale = false;
      await Promise.resolve();
      const all = [...this.#roles.values()];
      for (const role of all) if (role.aggregationRule) await this.#aggregate(role, all).catch(this.#onError);
    }
  }

  async #aggregate(role: AggregatingRole, all: readonly AggregatingRole[]): Promise<void> {
    const rules = aggregatedRules(role, all);
    if (deepEqual(rules, role.rules ?? [])) return;
    try {
      await this.#registry.update({ name: role.metadata.name }, context, { change: (current) => ({ ...current, rules }) as unknown as KubernetesObject });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#running;
  }
}

import type { Store } from '../../etcd/store.ts';
import type { HealthCheck, HealthChecks } from './health.ts';

/** Where the server stands between its start and its end. */
export interface Lifecycle {
  started: boolean;
  stopping: boolean;
}

/** What is done once at the start, under the names of upstream's hooks; only what has a counterpart here. */
const START_HOOKS = [
  'start-apiserver-admission-initializer', 'generic-apiserver-start-informers', 'priority-and-fairness-config-consumer', 'priority-and-fairness-filter',
  'storage-object-count-tracker-hook', 'start-apiextensions-informers', 'start-apiextensions-controllers', 'crd-informer-synced', 'start-system-namespaces-controller',
  'start-cluster-authentication-info-controller', 'start-kube-apiserver-identity-lease-controller', 'start-kube-apiserver-identity-lease-garbage-collector', 'storage-readiness',
  'start-legacy-token-tracking-controller', 'start-service-ip-repair-controllers', 'rbac/bootstrap-roles',
  'scheduling/bootstrap-system-priority-classes', 'priority-and-fairness-config-producer', 'bootstrap-controller', 'start-kubernetes-service-cidr-controller',
  'start-kube-aggregator-informers', 'apiservice-status-local-available-controller', 'apiservice-status-remote-available-controller', 'apiservice-registration-controller',
  'apiservice-wait-for-first-sync', 'apiservice-discovery-controller', 'kube-apiserver-autoregistration',
];
const LAST_HOOKS = ['apiservice-openapi-controller', 'apiservice-openapiv3-controller'];

export interface HealthCheckOptions {
  readonly store: Store;
  readonly lifecycle: Lifecycle;
  /** Plugins that encrypt what is stored, by name. */
  readonly kms?: () => ReadonlyMap<string, { check(): void }>;
  /** Further ones of /readyz. */
  readonly readyChecks?: readonly HealthCheck[];
}

export function healthChecks({ store, lifecycle, kms = () => new Map<string, never>(), readyChecks = [] }: HealthCheckOptions): HealthChecks {
  const finished = (name: string): HealthCheck => ({
    name,
    check() {
      if (!lifecycle.started) throw new Error('not finished');
    },
  });
  const hook = (name: string): HealthCheck => finished(`poststarthook/${name}`);
  const readStore = async (): Promise<void> => void (await store.range({ start: '/registry/health' }, { limit: 1 }));
  const ping: HealthCheck[] = [{ name: 'ping', check() {} }, { name: 'log', check() {} }];
  const etcd: HealthCheck = { name: 'etcd', check: readStore };
  const hooks = [...START_HOOKS.map(hook), finished('autoregister-completion'), ...LAST_HOOKS.map(hook)];
  // Requests of this process go through no certificate, so this one cannot expire.
  const loopback: HealthCheck = { name: 'loopback-serving-certificate', check() {} };
  const shutdown: HealthCheck = {
    name: 'shutdown',
    check() {
      if (lifecycle.stopping) throw new Error('process is shutting down');
    },
  };
  const plugins: HealthCheck = {
    name: 'kms-providers',
    check() {
      for (const provider of kms().values()) provider.check();
    },
  };
  /** Plugins come and go with the encryption configuration. */
  const stored = (): readonly HealthCheck[] => (kms().size > 0 ? [etcd, plugins] : [etcd]);
  return {
    get healthz() { return [...ping, loopback, ...stored(), ...hooks]; },
    get livez() { return [...ping, loopback, ...stored(), ...hooks]; },
    get readyz() { return [...ping, ...stored(), { name: 'etcd-readiness', check: readStore }, finished('informer-sync'), ...hooks, shutdown, ...readyChecks]; },
  };
}

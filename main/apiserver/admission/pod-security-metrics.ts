import type { MetricVector } from '../../../kube/apimachinery/metrics/metric-family.ts';
import type { Counter } from '../../../kube/apimachinery/metrics/metric-values.ts';
import type { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import type { AdmissionAttributes } from './admission.ts';
import type { LevelVersion } from './pod-security-policy.ts';

const OWN_MINOR = 36;

/** What PodSecurity has thought of pods (upstream: pod-security-admission/metrics). */
export class PodSecurityMetrics {
  readonly #evaluations: MetricVector<Counter>;

  constructor(registry: MetricsRegistry) {
    this.#evaluations = registry.counter({
      name: 'pod_security_evaluations_total', stability: 'ALPHA', help: 'Pods, and workloads that make pods, by what a policy thinks of them.',
      labels: ['decision', 'policy_level', 'policy_version', 'mode', 'request_operation', 'resource', 'subresource'],
    });
  }

  evaluated(decision: 'allow' | 'deny', { mode, policy, attributes }: { readonly mode: 'enforce' | 'audit' | 'warn'; readonly policy: LevelVersion; readonly attributes: AdmissionAttributes }): void {
    const { operation, resource, subresource } = attributes;
    this.#evaluations.with(decision, policy.level, versionOf(policy), mode, operation.toLowerCase(), resource === 'pods' ? 'pod' : 'controller', subresource).inc();
  }
}

/** Anything goes, in whatever version; and nobody fills the memory with versions that are still to come. */
function versionOf({ level, version }: LevelVersion): string {
  if (level === 'privileged') return 'latest';
  return Number(/^v1\.(\d+)$/.exec(version)?.[1] ?? 0) > OWN_MINOR ? 'future' : version;
}

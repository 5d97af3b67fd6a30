import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import type { Random } from '../../../kube/apimachinery/random.ts';
import type { NodeDialer } from '../api-server.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { ResourceCatalog } from '../registry/catalog.ts';
import type { ObjectMirror } from '../registry/object-mirror.ts';
import type { AdmissionPlugin } from './admission.ts';
import { mutatingPolicies } from './policies/mutating-policy.ts';
import { MutationMetrics, PolicyMetrics } from './policies/policy-metrics.ts';
import type { FindKind } from './policies/policy-params.ts';
import { validatingPolicies } from './policies/validating-policy.ts';
import type { ConfigurationList } from './webhooks/configuration-list.ts';
import { WebhookMetrics } from './webhooks/webhook-metrics.ts';
import { mutatingWebhooks, validatingWebhooks } from './webhooks/webhook-plugins.ts';

export interface DynamicAdmissionOptions {
  readonly mirror: ObjectMirror;
  readonly catalog: ResourceCatalog;
  readonly authorizer: Authorizer;
  readonly random: Random;
  readonly clock: Clock;
  /** The way to webhooks inside the cluster. */
  readonly dialer?: NodeDialer;
  readonly metrics: MetricsRegistry;
}

const GROUP = 'admissionregistration.k8s.io';

/** The plugins that are configured through the API, in upstream's order; resolves when the present configuration is known. */
export async function openDynamicAdmission(options: DynamicAdmissionOptions): Promise<readonly AdmissionPlugin[]> {
  const { mirror, catalog, authorizer } = options;
  const shared = { reader: mirror, authorizer, findKind: kindFinder(catalog) };
  const { random, clock, dialer, metrics } = options;
  const webhookOptions = { ...shared, random, clock, metrics: new WebhookMetrics(metrics), ...(dialer ? { dialer } : {}) };
  const plugins = {
    mutatingPolicy: mutatingPolicies({ ...shared, clock, metrics: new MutationMetrics(metrics) }), mutatingWebhook: mutatingWebhooks(webhookOptions),
    validatingPolicy: validatingPolicies({ ...shared, clock, metrics: new PolicyMetrics(metrics) }), validatingWebhook: validatingWebhooks(webhookOptions),
  };
  const follow = <T extends KubernetesObject, R>(resource: string, list: ConfigurationList<T, R>): Promise<void> =>
    mirror.observe({ group: GROUP, resource }, { clear: () => list.clear(), set: (object) => list.set(object), remove: (object) => list.remove(object) });
  await Promise.all([
    follow('mutatingadmissionpolicies', plugins.mutatingPolicy.policies),
    follow('mutatingadmissionpolicybindings', plugins.mutatingPolicy.bindings),
    follow('validatingadmissionpolicies', plugins.validatingPolicy.policies),
    follow('validatingadmissionpolicybindings', plugins.validatingPolicy.bindings),
    follow('mutatingwebhookconfigurations', plugins.mutatingWebhook.configurations),
    follow('validatingwebhookconfigurations', plugins.validatingWebhook.configurations),
  ]);
  return Object.values(plugins);
}

function kindFinder(catalog: ResourceCatalog): FindKind {
  return ({ apiVersion, kind }) => {
    for (const served of catalog.all()) {
      if (served.apiVersion === apiVersion && served.info.kind === kind && served.registry) return served.info;
    }
    return undefined;
  };
}

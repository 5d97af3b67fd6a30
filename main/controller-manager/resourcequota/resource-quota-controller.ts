import type { Resource } from '../../../kube/apimachinery/gvr.ts';
import type { ObjectMeta } from '../../../kube/apimachinery/object-meta.ts';
import { daemonsets, deployments, replicasets, statefulsets } from '../../../kube/api/generated/apps/v1.ts';
import { cronjobs, jobs } from '../../../kube/api/generated/batch/v1.ts';
import {
  configmaps,
  type PersistentVolumeClaim,
  persistentvolumeclaims,
  type Pod,
  pods,
  replicationcontrollers,
  type ResourceQuota,
  resourcequotas,
  secrets,
  type Service,
  serviceaccounts,
  services,
} from '../../../kube/api/generated/core/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { keyOf } from '../object-key.ts';
import { patchStatus } from '../patch-status.ts';
import { quotaUsage } from './quota-usage.ts';

type Counted = { readonly metadata: ObjectMeta };
/** Many objects change together; their quota is summed up once. */
const COALESCE_MS = 100;
/** Upstream: resource-quota-sync-period. */
const RESYNC_MS = 5 * 60_000;

/** Keeps ResourceQuotas' status.used in line with what there is; refusing what goes beyond is the API server's admission. */
export class ResourceQuotaController implements Controller {
  readonly name = 'resourcequota-controller';
  readonly workers = 2;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #quotas: Informer<ResourceQuota>;
  readonly #pods: Informer<Pod>;
  readonly #services: Informer<Service>;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #counted: ReadonlyMap<string, Informer<Counted>>;

  constructor(context: ControllerContext) {
    this.#context = context;
    const { informers } = context;
    this.#quotas = informers.informer(resourcequotas);
    this.#pods = informers.informer(pods);
    this.#services = informers.informer(services);
    this.#claims = informers.informer(persistentvolumeclaims);
    const resources = [configmaps, secrets, serviceaccounts, services, persistentvolumeclaims, replicationcontrollers, resourcequotas, deployments, replicasets, statefulsets, daemonsets, jobs, cronjobs] as readonly Resource<Counted>[];
    this.#counted = new Map(resources.map((resource) => [resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`, informers.informer(resource, { metadataOnly: true })]));
    const keysFor = ({ metadata }: Counted): string[] => this.#quotas.lister.list({ namespace: metadata.namespace }).map(keyOf);
    this.watches = [
      // Admission charges a quota just before it lets the object in: wait for both.
      { informer: this.#quotas, delayMs: COALESCE_MS, keysFor: (quota: ResourceQuota) => [keyOf(quota)] },
      { informer: this.#pods, delayMs: COALESCE_MS, keysFor },
      ...[...this.#counted.values()].map((informer) => ({ informer, delayMs: COALESCE_MS, keysFor })),
    ] as readonly ControllerWatch[];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | void> {
    const quota = this.#quotas.lister.get(key);
    if (quota === undefined || quota.metadata.deletionTimestamp !== undefined) return;
    const { namespace } = quota.metadata;
    const used = quotaUsage(quota, {
      pods: this.#pods.lister.list({ namespace }),
      services: this.#services.lister.list({ namespace }),
      claims: this.#claims.lister.list({ namespace }),
      count: (resource) => this.#counted.get(resource)?.lister.list({ namespace }).length,
    });
    const status = { hard: quota.spec?.hard ?? {}, used };
    await patchStatus(this.#context.client, { resource: resourcequotas, object: quota, status, optimistic: true, signal });
    return { requeueAfterMs: RESYNC_MS };
  }
}

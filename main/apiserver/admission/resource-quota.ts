import type { Pod, ResourceQuota } from '../../../kube/api/generated/core/v1.ts';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { addQuantities, compareQuantities, formatQuantity, parseQuantity, subtractQuantities, type Quantity } from '../../../kube/apimachinery/quantity.ts';
import { isNotFound } from '../../../kube/apimachinery/status.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import { statusWriteTracker } from '../patch/apply/own-status-write.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { isInScope, missingOf, usageOf, type Usage } from './quota-usage.ts';
import { forbidden } from './refusal.ts';

const QUOTAS = { group: '', resource: 'resourcequotas' };
/** Upstream: DefaultIgnoredResources. */
const IGNORED = new Set(['events', 'bindings', 'localsubjectaccessreviews']);
/** What can take more by a change. */
const GROWING = new Set(['services', 'persistentvolumeclaims']);

export interface ResourceQuotaOptions {
  readonly reader: ObjectReader;
  readonly clock: Clock;
  readonly quotas: () => Pick<ObjectStorage<ResourceQuota>, 'get' | 'guaranteedUpdate'>;
}

/**
 * Refuses what goes beyond a quota, and charges the rest to its status at once, so that two requests together cannot take more than there
 * is (upstream: apiserver/pkg/admission/plugin/resourcequota). The controller counts again and corrects what was charged in vain.
 */
export function resourceQuota({ reader, clock, quotas }: ResourceQuotaOptions): AdmissionPlugin {
  const tracked = statusWriteTracker({ group: '', version: 'v1', kind: 'ResourceQuota' }, QUOTAS.resource);
  const charge = (quota: ResourceQuota, requested: Usage | undefined): ResourceQuota => (requested ? tracked(quota, charged(quota, requested), clock.now()) : quota);
  return {
    name: 'ResourceQuota',
    handles: ({ namespace, resource, group, subresource, operation }) => {
      if (namespace === '' || IGNORED.has(resource) || resource === 'namespaces') return false;
      if (operation === 'CREATE') return subresource === '';
      return operation === 'UPDATE' && group === '' && (subresource === '' ? GROWING.has(resource) : resource === 'pods' && subresource === 'resize');
    },
    async validate(attributes) {
      const { namespace } = attributes;
      const known = await reader.list<ResourceQuota>(QUOTAS, namespace);
      if (known.length === 0) return;
      const delta = deltaOf(attributes);
      const storage = quotas();
      const concerned: ResourceQuota[] = [];
      for (const { metadata: { name } } of known) {
        const quota = await find(storage, { namespace, name });
        if (quota && check(attributes, quota, delta)) concerned.push(quota);
      }
      if (attributes.dryRun) return;
      for (const { metadata: { name } } of concerned) {
        await storage.guaranteedUpdate({ namespace, name }, (quota) => charge(quota, check(attributes, quota, delta))).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
      }
    },
  };
}

async function find(storage: Pick<ObjectStorage<ResourceQuota>, 'get'>, target: { readonly namespace: string; readonly name: string }): Promise<ResourceQuota | undefined> {
  try {
    return (await storage.get(target)).object;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function deltaOf(attributes: AdmissionAttributes): Usage {
  const { object, oldObject } = attributes;
  const after = new Map(object ? usageOf(attributes, object) : []);
  if (oldObject) {
    for (const [name, quantity] of usageOf(attributes, oldObject)) {
      const now = after.get(name);
      after.set(name, subtractQuantities(now ?? { ...quantity, nano: 0n }, quantity));
    }
  }
  for (const [name, { nano }] of after) if (nano === 0n) after.delete(name);
  return after;
}

/** What the quota will be charged; undefined when it has nothing to do with the object. Throws when it is exceeded. */
function check(attributes: AdmissionAttributes, quota: ResourceQuota, delta: Usage): Usage | undefined {
  const { object, operation } = attributes;
  const hard = quota.status?.hard ?? {};
  if (!object || !isInScope(quota, attributes, object)) return undefined;
  const { name } = quota.metadata;
  const used = quota.status?.used ?? {};
  const own = usageOf(attributes, object);
  const ofKind = Object.keys(hard).filter((resource) => own.has(resource));
  if (!quota.status?.used && ofKind.length > 0) throw forbidden(attributes, `status unknown for quota: ${name}, resources: ${ofKind.sort().join(',')}`);
  if (attributes.resource === 'pods' && attributes.group === '' && operation === 'CREATE') {
    const missing = missingOf(object as unknown as Pod, Object.keys(hard));
    if (missing !== undefined) throw forbidden(attributes, `failed quota: ${name}: must specify ${missing}`);
  }
  const requested = new Map([...delta].filter(([resource]) => hard[resource] !== undefined));
  const exceeded = [...requested].filter(([resource, quantity]) => {
    const total = addQuantities(parseQuantity(used[resource] ?? '0'), quantity);
    return quantity.nano > 0n && compareQuantities(total, parseQuantity(hard[resource] ?? '0')) > 0;
  });
  if (exceeded.length > 0) {
    const names = exceeded.map(([resource]) => resource).sort();
    const text = (of: (resource: string) => Quantity | undefined): string => names.map((resource) => `${resource}=${formatQuantity(of(resource) ?? parseQuantity('0'))}`).join(',');
    const what = `requested: ${text((resource) => requested.get(resource))}, used: ${text((resource) => parseQuantity(used[resource] ?? '0'))}`;
    throw forbidden(attributes, `exceeded quota: ${name}, ${what}, limited: ${text((resource) => parseQuantity(hard[resource] ?? '0'))}`);
  }
  return requested.size > 0 ? requested : undefined;
}

function charged(quota: ResourceQuota, requested: Usage): ResourceQuota {
  const used = { ...quota.status?.used };
  for (const [resource, quantity] of requested) used[resource] = formatQuantity(addQuantities(parseQuantity(used[resource] ?? '0'), quantity));
  return { ...quota, status: { ...quota.status, used } };
}

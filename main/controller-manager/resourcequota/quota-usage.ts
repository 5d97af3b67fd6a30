import { addQuantities, formatQuantity, parseQuantity, type Quantity, quantityFromValue } from '../../../kube/apimachinery/quantity.ts';
import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../../../kube/api/generated/core/v1.ts';
import { isPodTerminal } from '../pod-conditions.ts';

/** What a quota counts in its namespace; `count` gives the number of objects of `configmaps`, `deployments.apps` and so on. */
export interface QuotaObservation {
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  readonly claims: readonly PersistentVolumeClaim[];
  readonly count: (resource: string) => number | undefined;
}

const ZERO = quantityFromValue(0);

/** Upstream: the quota evaluators. Resources that cannot be measured here stay out of the answer. */
export function quotaUsage(quota: ResourceQuota, observed: QuotaObservation): Record<string, string> {
  const used: Record<string, string> = {};
  const pods = observed.pods.filter((pod) => !isPodTerminal(pod) && inScope(quota, pod));
  const others = isScoped(quota) ? withoutScopes(observed) : observed;
  for (const name of Object.keys(quota.spec?.hard ?? {})) {
    const quantity = measure(name, { ...others, pods });
    if (quantity !== undefined) used[name] = formatQuantity(quantity);
  }
  return used;
}

/** By scopes that claims do not have. */
function isScoped({ spec }: ResourceQuota): boolean {
  const names = [...(spec?.scopes ?? []), ...(spec?.scopeSelector?.matchExpressions ?? []).map(({ scopeName }) => scopeName)];
  return names.some((name) => name !== 'VolumeAttributesClass');
}

/** Objects that no scope takes in: a scoped quota counts none of them. */
function withoutScopes(observed: QuotaObservation): QuotaObservation {
  return { ...observed, services: [], claims: [], count: (resource) => (observed.count(resource) === undefined ? undefined : 0) };
}

function measure(name: string, { pods, services, claims, count }: QuotaObservation): Quantity | undefined {
  const number = (value: number | undefined): Quantity | undefined => (value === undefined ? undefined : quantityFromValue(value));
  if (name === 'pods' || name === 'count/pods') return number(pods.length);
  if (name === 'services.nodeports') return number(services.reduce((sum, service) => sum + nodePorts(service), 0));
  if (name === 'services.loadbalancers') return number(services.filter(({ spec }) => spec?.type === 'LoadBalancer').length);
  if (name === 'requests.storage') return sum(claims.map(({ spec }) => spec?.resources?.requests?.['storage']));
  if (name.startsWith('count/')) return number(count(name.slice('count/'.length)));
  const limit = /^limits\.(.+)$/.exec(name)?.[1];
  if (limit !== undefined) return sum(pods.map((pod) => podTotal(pod, { resource: limit, kind: 'limits' })));
  const request = /^requests\.(.+)$/.exec(name)?.[1] ?? (['cpu', 'memory', 'ephemeral-storage'].includes(name) ? name : undefined);
  if (request !== undefined) return sum(pods.map((pod) => podTotal(pod, { resource: request, kind: 'requests' })));
  return number(count(name));
}

function nodePorts({ spec }: Service): number {
  const ports = spec?.ports ?? [];
  if (spec?.type === 'NodePort' || (spec?.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)) return ports.length;
  return ports.filter(({ nodePort }) => nodePort).length;
}

function sum(quantities: readonly (string | number | Quantity | undefined)[]): Quantity {
  return quantities.reduce<Quantity>((total, quantity) => {
    if (quantity === undefined) return total;
    return addQuantities(total === ZERO ? asQuantity(0, quantity) : total, asQuantity(quantity, quantity));
  }, ZERO);
}

function asQuantity(value: string | number | Quantity, like: string | number | Quantity): Quantity {
  if (typeof value === 'object') return value;
  const parsed = parseQuantity(value);
  return typeof like === 'object' ? { ...parsed, format: like.format } : parsed;
}

/** Containers together, or the largest init container if that is more. */
function podTotal({ spec }: Pod, { resource, kind }: { readonly resource: string; readonly kind: 'requests' | 'limits' }): Quantity {
  const total = sum(spec.containers.map(({ resources }) => resources?.[kind]?.[resource]));
  const init = (spec.initContainers ?? []).map(({ resources }) => sum([resources?.[kind]?.[resource]]));
  return init.reduce((most, quantity) => (quantity.nano > most.nano ? quantity : most), total);
}

function inScope({ spec }: ResourceQuota, pod: Pod): boolean {
  const bestEffort = pod.status?.qosClass === 'BestEffort';
  const terminating = pod.spec.activeDeadlineSeconds !== undefined;
  const matches = (scope: string): boolean => {
    if (scope === 'BestEffort') return bestEffort;
    if (scope === 'NotBestEffort') return !bestEffort;
    if (scope === 'Terminating') return terminating;
    return scope === 'NotTerminating' ? !terminating : true;
  };
  const priorities = (spec?.scopeSelector?.matchExpressions ?? []).filter(({ scopeName }) => scopeName === 'PriorityClass');
  const byPriority = priorities.every(({ operator, values = [] }) => {
    const name = pod.spec.priorityClassName ?? '';
    if (operator === 'In') return values.includes(name);
    if (operator === 'NotIn') return !values.includes(name);
    return operator === 'Exists' ? name !== '' : name === '';
  });
  return (spec?.scopes ?? []).every(matches) && byPriority;
}

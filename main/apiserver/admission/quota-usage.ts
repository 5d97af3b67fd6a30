import type { PersistentVolumeClaim, Pod, PodSpec, ResourceQuota, Service } from '../../../kube/api/generated/core/v1.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { addQuantities, parseQuantity, quantityFromValue, type Quantity } from '../../../kube/apimachinery/quantity.ts';
import type { AdmissionAttributes } from './admission.ts';

/** What one object takes of each quota resource (upstream: pkg/quota/v1/evaluator). */
export type Usage = ReadonlyMap<string, Quantity>;
type Scope = { readonly scopeName: string; readonly operator: string; readonly values?: readonly string[] };

const ONE = quantityFromValue(1);
/** Counted under their plain names too. */
const LEGACY = new Set(['configmaps', 'secrets', 'resourcequotas', 'replicationcontrollers', 'services', 'persistentvolumeclaims']);
const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'];
/** A quota of these demands that every container says what it wants; upstream calls that a mistake, and keeps to it. */
const DEMANDED = ['cpu', 'limits.cpu', 'limits.memory', 'memory', 'requests.cpu', 'requests.memory'];
const STORAGE_CLASS = '.storageclass.storage.k8s.io/';

export function usageOf({ group, resource }: Pick<AdmissionAttributes, 'group' | 'resource'>, object: KubernetesObject): Usage {
  const usage = new Map<string, Quantity>([[`count/${group === '' ? resource : `${resource}.${group}`}`, ONE]]);
  if (group !== '') return usage;
  if (LEGACY.has(resource)) usage.set(resource, ONE);
  if (resource === 'pods') addPod(usage, object as unknown as Pod);
  else if (resource === 'services') addService(usage, object as unknown as Service);
  else if (resource === 'persistentvolumeclaims') addClaim(usage, object as unknown as PersistentVolumeClaim);
  return usage;
}

function addPod(usage: Map<string, Quantity>, { spec, status }: Pod): void {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return;
  usage.set('pods', ONE);
  for (const [name, quantity] of podTotals(spec, 'requests')) {
    usage.set(`requests.${name}`, quantity);
    if (COMPUTE.includes(name) || name.startsWith('hugepages-')) usage.set(name, quantity);
  }
  for (const [name, quantity] of podTotals(spec, 'limits')) if (COMPUTE.includes(name)) usage.set(`limits.${name}`, quantity);
}

/** Containers and sidecars together, or a larger init container with the sidecars started before it; and the overhead. */
export function podTotals(spec: PodSpec, kind: 'requests' | 'limits'): Map<string, Quantity> {
  const sidecars = new Map<string, Quantity>();
  const highest = new Map<string, Quantity>();
  for (const { restartPolicy, resources } of spec.initContainers ?? []) {
    const own = amounts(resources?.[kind]);
    if (restartPolicy === 'Always') add(sidecars, own);
    raise(highest, restartPolicy === 'Always' ? sidecars : add(new Map(sidecars), own));
  }
  const totals = new Map(sidecars);
  for (const { resources } of spec.containers ?? []) add(totals, amounts(resources?.[kind]));
  raise(totals, highest);
  for (const [name, quantity] of amounts(spec.resources?.[kind])) totals.set(name, quantity);
  for (const [name, quantity] of amounts(spec.overhead)) {
    const total = totals.get(name);
    if (total) totals.set(name, addQuantities(total, quantity));
    else if (kind === 'requests') totals.set(name, quantity);
  }
  return totals;
}

function amounts(list: Readonly<Record<string, string | number>> | undefined): Map<string, Quantity> {
  return new Map(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(text)]));
}

export function add(target: Map<string, Quantity>, more: Usage): Map<string, Quantity> {
  for (const [name, quantity] of more) {
    const before = target.get(name);
    target.set(name, before ? addQuantities(before, quantity) : quantity);
  }
  return target;
}

function raise(target: Map<string, Quantity>, least: Usage): void {
  for (const [name, quantity] of least) if ((target.get(name)?.nano ?? -1n) < quantity.nano) target.set(name, quantity);
}

function addService(usage: Map<string, Quantity>, { spec }: Service): void {
  const ports = spec?.ports ?? [];
  const all = spec?.type === 'NodePort' || (spec?.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
  const isLoadBalancer = spec?.type === 'LoadBalancer';
  const explicit = isLoadBalancer ? ports.filter(({ nodePort }) => nodePort).length : 0;
  usage.set('services.nodeports', quantityFromValue(all ? ports.length : explicit));
  usage.set('services.loadbalancers', quantityFromValue(isLoadBalancer ? 1 : 0));
}

function addClaim(usage: Map<string, Quantity>, { metadata, spec }: PersistentVolumeClaim): void {
  const storageClass = metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? '';
  if (storageClass !== '') usage.set(`${storageClass}${STORAGE_CLASS}persistentvolumeclaims`, ONE);
  const storage = spec?.resources?.requests?.['storage'];
  if (storage === undefined) return;
  usage.set('requests.storage', parseQuantity(storage));
  if (storageClass !== '') usage.set(`${storageClass}${STORAGE_CLASS}requests.storage`, parseQuantity(storage));
}

/** `limits.cpu for: a,b; requests.memory for: c`; undefined when every container says what the quota's resources demand. */
export function missingOf({ spec }: Pod, hard: readonly string[]): string | undefined {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const missing = DEMANDED.filter((name) => hard.includes(name)).flatMap((name) => {
    const [kind, resource] = name.startsWith('limits.') ? (['limits', name.slice('limits.'.length)] as const) : (['requests', name.replace('requests.', '')] as const);
    if (spec.resources?.[kind]?.[resource] !== undefined) return [];
    const names = containers.filter(({ resources }) => resources?.[kind]?.[resource] === undefined).map((container) => container.name);
    return names.length > 0 ? [`${name} for: ${[...new Set(names)].sort().join(',')}`] : [];
  });
  return missing.length > 0 ? missing.join('; ') : undefined;
}

/** Whether the quota's scopes take the object in; objects without scopes are outside of every scoped quota. */
export function isInScope({ spec }: ResourceQuota, { group, resource }: Pick<AdmissionAttributes, 'group' | 'resource'>, object: KubernetesObject): boolean {
  const scopes: Scope[] = [...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })), ...(spec?.scopeSelector?.matchExpressions ?? [])];
  return scopes.every((scope) => {
    if (group !== '') return false;
    if (resource === 'pods') return matchesPod(scope, object as unknown as Pod);
    return resource === 'persistentvolumeclaims' && scope.scopeName === 'VolumeAttributesClass'
      && matchesName(scope, (object as unknown as PersistentVolumeClaim).spec?.volumeAttributesClassName ?? '');
  });
}

function matchesPod(scope: Scope, { spec, status }: Pod): boolean {
  switch (scope.scopeName) {
    case 'Terminating':
      return spec.activeDeadlineSeconds !== undefined;
    case 'NotTerminating':
      return spec.activeDeadlineSeconds === undefined;
    case 'BestEffort':
      return status?.qosClass === 'BestEffort';
    case 'NotBestEffort':
      return status?.qosClass !== 'BestEffort';
    case 'PriorityClass':
      return matchesName(scope, spec.priorityClassName ?? '');
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(spec);
    default:
      return false;
  }
}

function matchesName({ operator, values = [] }: Scope, name: string): boolean {
  if (operator === 'In') return name !== '' && values.includes(name);
  if (operator === 'NotIn') return !values.includes(name);
  return operator === 'Exists' ? name !== '' : name === '';
}

function crossesNamespaces({ affinity }: PodSpec): boolean {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].some((kind) =>
    [...(kind?.requiredDuringSchedulingIgnoredDuringExecution ?? []), ...(kind?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm)]
      .some((term) => (term.namespaces?.length ?? 0) > 0 || term.namespaceSelector !== undefined));
}

import type { Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from '../../../kube/api/generated/core/v1.ts';
import { addQuantities, compareQuantities, formatQuantity, parseQuantity, quantityMilliValue, type Quantity } from '../../../kube/apimachinery/quantity.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { forbidden, isFor } from './refusal.ts';

type PodSpec = NonNullable<Pod['spec']>;
type Amounts = Readonly<Record<string, string>>;
const ANNOTATION = 'kubernetes.io/limit-ranger';

/** Defaults and bounds of a namespace's LimitRanges (upstream: plugin/pkg/admission/limitranger). */
export function limitRanger(reader: ObjectReader): AdmissionPlugin {
  // Upstream takes them in no certain order.
  const rangesOf = async ({ namespace }: AdmissionAttributes): Promise<readonly LimitRange[]> =>
    (await reader.list<LimitRange>({ group: '', resource: 'limitranges' }, namespace)).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return {
    name: 'LimitRanger',
    handles,
    async mutate(attributes) {
      const target = attributes.object as NonNullable<typeof attributes.object>;
      if (attributes.resource !== 'pods') return target;
      return (await rangesOf(attributes)).reduce((pod, range) => withDefaults(pod, range), target as Pod);
    },
    async validate(attributes) {
      for (const { spec } of await rangesOf(attributes)) {
        const items = spec?.limits ?? [];
        const problems = attributes.resource === 'pods' ? podProblems(attributes.object as Pod, items) : claimProblems(attributes.object as PersistentVolumeClaim, items);
        // The first range that something is wrong by.
        if (problems.length > 0) throw forbidden(attributes, problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]`);
      }
    },
  };
}

/** What is going already is let go, whatever it asks for. */
function handles(attributes: AdmissionAttributes): boolean {
  if (attributes.oldObject?.metadata.deletionTimestamp) return false;
  return isFor(attributes, 'pods', { operations: ['CREATE'] }) || isFor(attributes, 'pods', { operations: ['UPDATE'], subresources: ['resize'] })
    || isFor(attributes, 'persistentvolumeclaims', { operations: ['CREATE', 'UPDATE'] });
}

/** The note tells of the last range that set something. */
function withDefaults(pod: Pod, { spec: range }: LimitRange): Pod {
  const limits: Record<string, string> = {};
  const requests: Record<string, string> = {};
  for (const item of range?.limits ?? []) {
    if (item.type !== 'Container') continue;
    Object.assign(limits, item.default);
    Object.assign(requests, item.default, item.defaultRequest);
  }
  const notes: string[] = [];
  const fill = (container: Container, what: string): Container => {
    const own = container.resources ?? {};
    const setRequests = Object.keys(requests).filter((name) => own.requests?.[name] === undefined).sort();
    const setLimits = Object.keys(limits).filter((name) => own.limits?.[name] === undefined).sort();
    if (setRequests.length > 0) notes.push(`${setRequests.join(', ')} request for ${what} ${container.name}`);
    if (setLimits.length > 0) notes.push(`${setLimits.join(', ')} limit for ${what} ${container.name}`);
    if (setRequests.length + setLimits.length === 0) return container;
    const pick = (from: Amounts, names: readonly string[]): Record<string, string> => Object.fromEntries(names.map((name) => [name, from[name] ?? '']));
    return {
      ...container,
      resources: { ...own, ...(setLimits.length > 0 ? { limits: { ...own.limits, ...pick(limits, setLimits) } } : {}), ...(setRequests.length > 0 ? { requests: { ...own.requests, ...pick(requests, setRequests) } } : {}) },
    };
  };
  const spec = { ...pod.spec } as NonNullable<Pod['spec']>;
  spec.containers = (spec.containers ?? []).map((container) => fill(container, 'container'));
  if (spec.initContainers) spec.initContainers = spec.initContainers.map((container) => fill(container, 'init container'));
  if (notes.length === 0) return pod;
  const annotations = { ...pod.metadata.annotations, [ANNOTATION]: `LimitRanger plugin set: ${notes.join('; ')}` };
  return { ...pod, metadata: { ...pod.metadata, annotations }, spec };
}

interface Usage {
  readonly type: string;
  readonly requests: Amounts;
  readonly limits: Amounts;
}

function podProblems({ spec }: Pod, items: readonly LimitRangeItem[]): string[] {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const usageOf = ({ resources }: Container): Usage => ({ type: 'Container', requests: (resources?.requests ?? {}) as Amounts, limits: (resources?.limits ?? {}) as Amounts });
  return items.flatMap((item) => {
    if (item.type === 'Container') return containers.flatMap((container) => problemsOf(usageOf(container), item));
    return item.type === 'Pod' && spec ? problemsOf(podUsage(spec), item) : [];
  });
}

function claimProblems({ spec }: PersistentVolumeClaim, items: readonly LimitRangeItem[]): string[] {
  const requests = (spec?.resources?.requests ?? {}) as Amounts;
  const usage: Usage = { type: 'PersistentVolumeClaim', requests, limits: requests };
  return items.filter(({ type }) => type === 'PersistentVolumeClaim').flatMap((item) => [...minimumProblems(usage, item), ...maximumProblems({ ...usage, limits: {} }, item, 'request')]);
}

/** Resources that a pod can have as a whole. */
const POD_LEVEL = ['cpu', 'memory'];

/**
 * The sum of the containers and of the init containers that go on running, or what the most demanding step of the start takes where that is more (each with
 * those that run by then); what the pod has as a whole counts instead.
 */
function podUsage(spec: PodSpec): Usage {
  const total = (kind: 'requests' | 'limits'): Amounts => {
    const amountsOf = ({ resources }: Container): Amounts => (resources?.[kind] ?? {}) as Amounts;
    const sum = added(new Map(), ...(spec.containers ?? []).map(amountsOf));
    const running = new Map<string, Quantity>();
    const steps: ReadonlyMap<string, Quantity>[] = [];
    for (const container of spec.initContainers ?? []) {
      const staysRunning = container.restartPolicy === 'Always';
      if (staysRunning) added(sum, amountsOf(container));
      steps.push(new Map(added(staysRunning ? running : new Map(running), amountsOf(container))));
    }
    for (const step of steps) for (const [name, quantity] of step) if (!sum.has(name) || compareQuantities(quantity, sum.get(name) as Quantity) > 0) sum.set(name, quantity);
    const whole = Object.entries((spec.resources?.[kind] ?? {}) as Amounts).filter(([name]) => POD_LEVEL.includes(name));
    return { ...Object.fromEntries([...sum].map(([name, quantity]) => [name, formatQuantity(quantity)])), ...Object.fromEntries(whole) };
  };
  return { type: 'Pod', requests: total('requests'), limits: total('limits') };
}

function added(sum: Map<string, Quantity>, ...all: readonly Amounts[]): Map<string, Quantity> {
  for (const amounts of all) {
    for (const [name, value] of Object.entries(amounts)) {
      const quantity = parseQuantity(value);
      const before = sum.get(name);
      sum.set(name, before ? addQuantities(before, quantity) : quantity);
    }
  }
  return sum;
}

function problemsOf(usage: Usage, item: LimitRangeItem): string[] {
  return [...minimumProblems(usage, item), ...maximumProblems(usage, item, 'limit'), ...ratioProblems(usage, item)];
}

function minimumProblems({ type, requests, limits }: Usage, { min }: LimitRangeItem): string[] {
  return Object.entries((min ?? {}) as Amounts).flatMap(([name, bound]) => {
    const wanted = `minimum ${name} usage per ${type} is ${bound}`;
    const [request, limit] = [requests[name], limits[name]];
    if (request === undefined) return [`${wanted}.  No request is specified`];
    if (less(request, bound)) return [`${wanted}, but request is ${request}`];
    return limit !== undefined && less(limit, bound) ? [`${wanted}, but limit is ${limit}`] : [];
  });
}

function maximumProblems({ type, requests, limits }: Usage, { max }: LimitRangeItem, needed: 'limit' | 'request'): string[] {
  return Object.entries((max ?? {}) as Amounts).flatMap(([name, bound]) => {
    const wanted = `maximum ${name} usage per ${type} is ${bound}`;
    const [request, limit] = [requests[name], limits[name]];
    if (needed === 'limit' && limit === undefined) return [`${wanted}.  No limit is specified`];
    if (needed === 'request' && request === undefined) return [`${wanted}.  No request is specified`];
    if (limit !== undefined && less(bound, limit)) return [`${wanted}, but limit is ${limit}`];
    return request !== undefined && less(bound, request) ? [`${wanted}, but request is ${request}`] : [];
  });
}

function ratioProblems({ type, requests, limits }: Usage, { maxLimitRequestRatio }: LimitRangeItem): string[] {
  return Object.entries((maxLimitRequestRatio ?? {}) as Amounts).flatMap(([name, bound]) => {
    const wanted = `${name} max limit to request ratio per ${type} is ${bound}`;
    const [request, limit] = [requests[name], limits[name]];
    if (request === undefined || milli(request) === 0) return [`${wanted}, but no request is specified or request is 0`];
    if (limit === undefined || milli(limit) === 0) return [`${wanted}, but no limit is specified or limit is 0`];
    const ratio = milli(limit) / milli(request);
    return ratio > milli(bound) / 1000 ? [`${wanted}, but provided ratio is ${ratio.toFixed(6)}`] : [];
  });
}

function less(a: string, b: string): boolean {
  return compareQuantities(parseQuantity(a), parseQuantity(b)) < 0;
}

function milli(text: string): number {
  return quantityMilliValue(parseQuantity(text));
}

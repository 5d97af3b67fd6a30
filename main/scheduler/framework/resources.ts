import { parseQuantity, quantityMilliValue, quantityValue } from '../../../kube/apimachinery/quantity.ts';
import type { Container, Pod } from '../../../kube/api/generated/core/v1.ts';

/** What a pod asks for and a node has: cpu in thousandths, memory and storage in bytes, all others in units. */
export interface Resources {
  milliCPU: number;
  memory: number;
  ephemeralStorage: number;
  /** Only in a node's allocatable: how many pods it takes. */
  pods: number;
  readonly scalar: Map<string, number>;
}

export function emptyResources(): Resources {
  return { milliCPU: 0, memory: 0, ephemeralStorage: 0, pods: 0, scalar: new Map() };
}

type Quantities = Readonly<Record<string, string | number>>;

export function resourcesFrom(quantities: Quantities | undefined): Resources {
  const resources = emptyResources();
  for (const [name, text] of Object.entries(quantities ?? {})) {
    const quantity = parseQuantity(text);
    if (name === 'cpu') resources.milliCPU = quantityMilliValue(quantity);
    else if (name === 'memory') resources.memory = quantityValue(quantity);
    else if (name === 'ephemeral-storage') resources.ephemeralStorage = quantityValue(quantity);
    else if (name === 'pods') resources.pods = quantityValue(quantity);
    else resources.scalar.set(name, quantityValue(quantity));
  }
  return resources;
}

/** Adds in place; sign −1 subtracts. */
export function addResources(target: Resources, other: Resources, sign: 1 | -1 = 1): void {
  target.milliCPU += sign * other.milliCPU;
  target.memory += sign * other.memory;
  target.ephemeralStorage += sign * other.ephemeralStorage;
  for (const [name, value] of other.scalar) target.scalar.set(name, (target.scalar.get(name) ?? 0) + sign * value);
}

function maxResources(target: Resources, other: Resources): void {
  target.milliCPU = Math.max(target.milliCPU, other.milliCPU);
  target.memory = Math.max(target.memory, other.memory);
  target.ephemeralStorage = Math.max(target.ephemeralStorage, other.ephemeralStorage);
  for (const [name, value] of other.scalar) target.scalar.set(name, Math.max(target.scalar.get(name) ?? 0, value));
}

/** What scoring assumes of a container that asks for nothing (upstream: DefaultMilliCPURequest, DefaultMemoryRequest). */
const DEFAULT_MILLI_CPU = 100;
const DEFAULT_MEMORY = 200 * 1024 * 1024;

/**
 * The pod's effective request (upstream: component-helpers/resource PodRequests): containers and sidecars together, or the largest step of
 * the init sequence if that is more, or what the pod itself asks for, plus overhead.
 */
export function podRequests(pod: Pod, options: { readonly nonZero?: boolean } = {}): Resources {
  const of = (container: Container): Resources => containerRequests(container, options.nonZero === true);
  const total = emptyResources();
  for (const container of pod.spec.containers) addResources(total, of(container));
  const sidecars = emptyResources();
  const initPeak = emptyResources();
  for (const container of pod.spec.initContainers ?? []) {
    const requests = of(container);
    if (container.restartPolicy === 'Always') {
      addResources(total, requests);
      addResources(sidecars, requests);
      maxResources(initPeak, sidecars);
    } else {
      addResources(requests, sidecars);
      maxResources(initPeak, requests);
    }
  }
  maxResources(total, initPeak);
  const podLevel = pod.spec.resources?.requests;
  if (podLevel !== undefined) overrideWith(total, podLevel);
  if (pod.spec.overhead !== undefined) addResources(total, resourcesFrom(pod.spec.overhead));
  return total;
}

function overrideWith(total: Resources, podLevel: Quantities): void {
  const wanted = resourcesFrom(podLevel);
  if ('cpu' in podLevel) total.milliCPU = wanted.milliCPU;
  if ('memory' in podLevel) total.memory = wanted.memory;
  for (const [name, value] of wanted.scalar) if (name.startsWith('hugepages-')) total.scalar.set(name, value);
}

function containerRequests(container: Container, nonZero: boolean): Resources {
  const requests = container.resources?.requests;
  const resources = resourcesFrom(requests);
  if (nonZero && requests?.['cpu'] === undefined) resources.milliCPU = DEFAULT_MILLI_CPU;
  if (nonZero && requests?.['memory'] === undefined) resources.memory = DEFAULT_MEMORY;
  return resources;
}

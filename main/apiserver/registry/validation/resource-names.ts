import { isQualifiedName } from '../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from './field-errors.ts';
import type { FieldPath } from './field-path.ts';
import { checkNonNegativeQuantity, isIntegerQuantity } from './quantities.ts';

/** Which names of compute resources are known (upstream: pkg/apis/core/helper/helpers.go, 1.36). */
const STANDARD_CONTAINER: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);
const OBJECT_COUNTS = [
  'pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps', 'persistentvolumeclaims', 'services.nodeports',
  'services.loadbalancers',
];
const STANDARD_QUOTA: ReadonlySet<string> = new Set([
  'cpu', 'memory', 'ephemeral-storage', 'requests.cpu', 'requests.memory', 'requests.storage', 'requests.ephemeral-storage', 'limits.cpu',
  'limits.memory', 'limits.ephemeral-storage', ...OBJECT_COUNTS,
]);
const STANDARD: ReadonlySet<string> = new Set([...STANDARD_QUOTA, 'storage']);
const INTEGER: ReadonlySet<string> = new Set(OBJECT_COUNTS);
const POD_LEVEL: ReadonlySet<string> = new Set(['cpu', 'memory']);
const HUGE_PAGES = 'hugepages-';
const REQUESTS_HUGE_PAGES = 'requests.hugepages-';
const LIMITS_HUGE_PAGES = 'limits.hugepages-';
const KUBERNETES_DOMAIN = 'kubernetes.io/';

export function isHugePages(name: string): boolean {
  return name.startsWith(HUGE_PAGES);
}
function isQuotaHugePages(name: string): boolean {
  return isHugePages(name) || name.startsWith(REQUESTS_HUGE_PAGES);
}
export function isNativeResource(name: string): boolean {
  return !name.includes('/') || isPrefixedNative(name);
}
function isPrefixedNative(name: string): boolean {
  return name.includes(KUBERNETES_DOMAIN);
}
export function isExtendedResource(name: string): boolean {
  if (isNativeResource(name) || name.startsWith('requests.')) return false;
  return isQualifiedName(`requests.${name}`).length === 0;
}
export function isOvercommitAllowed(name: string): boolean {
  return isNativeResource(name) && !isHugePages(name);
}
export function isStandardQuotaResource(name: string): boolean {
  return STANDARD_QUOTA.has(name) || isQuotaHugePages(name);
}
export function isStandardResource(name: string): boolean {
  return STANDARD.has(name) || isQuotaHugePages(name) || name.startsWith(LIMITS_HUGE_PAGES);
}
export function isPodLevelResource(name: string): boolean {
  return POD_LEVEL.has(name) || isHugePages(name);
}

export function checkResourceName(name: string, path: FieldPath, errors: FieldErrors): boolean {
  const messages = isQualifiedName(name);
  errors.invalidEach(path, name, messages);
  if (messages.length > 0) return false;
  if (!name.includes('/') && !isStandardResource(name)) {
    errors.invalid(path, name, 'must be a standard resource type or fully qualified');
    return false;
  }
  return true;
}

export function checkContainerResourceName(name: string, path: FieldPath, errors: FieldErrors): void {
  if (STANDARD_CONTAINER.has(name)) return;
  checkResourceName(name, path, errors);
  if (!name.includes('/')) {
    if (!isHugePages(name)) errors.invalid(path, name, 'must be a standard resource for containers');
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    errors.invalid(path, name, "doesn't follow extended resource name standard");
  }
}

export function checkPodResourceName(name: string, path: FieldPath, errors: FieldErrors): void {
  if (checkResourceName(name, path, errors) && !isPodLevelResource(name)) errors.notSupported(path, name, ['cpu', 'hugepages-', 'memory']);
}

export function checkQuotaResourceName(name: string, path: FieldPath, errors: FieldErrors): void {
  checkResourceName(name, path, errors);
  if (!name.includes('/') && !isStandardQuotaResource(name)) errors.invalid(path, name, 'must be a standard resource for quota');
}

/** Never negative; counts and extended resources are whole. */
export function checkResourceQuantity(name: string, quantity: string | number, path: FieldPath, errors: FieldErrors): void {
  checkNonNegativeQuantity(quantity, path, errors);
  if ((INTEGER.has(name) || isExtendedResource(name)) && !isIntegerQuantity(quantity)) {
    errors.invalid(path, String(quantity), 'must be an integer');
  }
}

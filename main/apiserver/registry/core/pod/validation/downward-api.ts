import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import type { FieldPath } from '../../../validation/field-path.ts';
import { isZeroQuantity } from '../../../validation/quantities.ts';
import { checkQualifiedName, isEmpty } from '../../../validation/values.ts';

/** Sorted: they are listed in messages. */
export const ENV_FIELDS: readonly string[] = [
  'metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName', 'status.hostIP', 'status.hostIPs',
  'status.podIP', 'status.podIPs',
];
export const VOLUME_FIELDS: readonly string[] = [
  'metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid',
];
const RESOURCES: readonly string[] = [
  'limits.cpu', 'limits.ephemeral-storage', 'limits.memory', 'requests.cpu', 'requests.ephemeral-storage', 'requests.memory',
];
/** What the conversion of field labels knows, whoever then supports it. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  ...ENV_FIELDS, ...VOLUME_FIELDS, 'spec.restartPolicy', 'spec.schedulerName', 'status.phase', 'spec.host', 'status.nominatedNodeName',
  'spec.hostNetwork',
]);
const SUBSCRIPT = /^(.*)\['(.*)'\]$/s;

export function checkFieldSelector(
  selector: core.ObjectFieldSelector,
  supported: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const fieldPath = selector.fieldPath ?? '';
  if (isEmpty(selector.apiVersion)) {
    errors.required(path.child('apiVersion'));
    return;
  }
  if (fieldPath === '') {
    errors.required(path.child('fieldPath'));
    return;
  }
  const field = path.child('fieldPath');
  if (selector.apiVersion !== 'v1') {
    errors.invalid(field, fieldPath, `error converting fieldPath: unsupported pod version: ${selector.apiVersion}`);
    return;
  }
  const subscripted = SUBSCRIPT.exec(fieldPath);
  const base = subscripted?.[1] ?? fieldPath;
  if (subscripted === null ? !KNOWN_FIELDS.has(base) : base !== 'metadata.annotations' && base !== 'metadata.labels') {
    const detail = subscripted === null ? `field label not supported: ${fieldPath}` : `field label does not support subscript: ${fieldPath}`;
    errors.invalid(field, fieldPath, `error converting fieldPath: ${detail}`);
    return;
  }
  if (subscripted !== null) {
    const key = subscripted[2] ?? '';
    checkQualifiedName(base === 'metadata.annotations' ? key.toLowerCase() : key, path, errors);
  } else if (!supported.includes(base)) {
    errors.notSupported(field, base, supported);
  }
}

const SIZE_DIVISORS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];
const SIZE_DIVISOR_TEXT = `only divisor's values ${SIZE_DIVISORS.join(', ')} are supported with the`;

export function checkResourceFieldSelector(
  selector: core.ResourceFieldSelector,
  path: FieldPath,
  errors: FieldErrors,
  { inVolume }: { readonly inVolume: boolean },
): void {
  const resource = selector.resource ?? '';
  const hugePages = resource.startsWith('requests.hugepages-') || resource.startsWith('limits.hugepages-');
  if (inVolume && isEmpty(selector.containerName)) errors.required(path.child('containerName'));
  else if (resource === '') errors.required(path.child('resource'));
  else if (!RESOURCES.includes(resource) && !hugePages) errors.notSupported(path.child('resource'), resource, RESOURCES);
  const divisor = selector.divisor;
  if (isZeroQuantity(divisor)) return;
  const text = String(divisor);
  const kind = hugePages ? 'hugepages' : resource.slice(resource.indexOf('.') + 1);
  if (kind === 'cpu') {
    if (text !== '1m' && text !== '1') {
      errors.invalid(path.child('divisor'), resource, "only divisor's values 1m and 1 are supported with the cpu resource");
    }
  } else if (kind === 'memory' || kind === 'ephemeral-storage' || kind === 'hugepages') {
    const name = kind === 'ephemeral-storage' ? 'local ephemeral storage' : kind;
    if (!SIZE_DIVISORS.includes(text)) errors.invalid(path.child('divisor'), resource, `${SIZE_DIVISOR_TEXT} ${name} resource`);
  }
}

import { newInternalError } from '../../../../kube/apimachinery/status-errors.ts';
import type { ValueTransformer } from '../object-storage-options.ts';

/** Any encrypted value begins so, whatever encrypted it: `k8s:enc:`. */
export const ENCRYPTED_PREFIX = Buffer.from('k8s:enc:');

export function isEncrypted(value: Uint8Array): boolean {
  // One byte tells plain JSON apart: it begins with a brace.
  return value[0] === ENCRYPTED_PREFIX[0] && startsWith(value, ENCRYPTED_PREFIX);
}

export function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length >= start.length && Buffer.compare(bytes.subarray(0, start.length), start) === 0;
}

/** Plain values. What is encrypted is refused, rather than taken for an object. */
export const identityTransformer: ValueTransformer = {
  toStorage: (json) => json,
  fromStorage(value, key) {
    if (isEncrypted(value)) throw newInternalError(`unable to transform key ${JSON.stringify(key)}: identity transformer tried to read encrypted data`);
    return value;
  },
  isCurrent: () => true,
};

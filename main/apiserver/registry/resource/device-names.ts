import { isCIdentifier, isDns1123Subdomain } from '../../../../kube/apimachinery/name-validation.ts';
import { checkCsiDriverName } from '../core/pod/validation/volume-sources.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';

/** Names of drivers, pools, attributes and capacities (upstream: pkg/apis/resource/validation, 1.36). */
const MAX_IDENTIFIER = 32;
const MAX_POOL_NAME = 253;

/** Those of CSI drivers and of DRA drivers are alike. */
export const checkDriverName = checkCsiDriverName;

export function checkPoolName(name: string, path: FieldPath, errors: FieldErrors): void {
  if (name === '') {
    errors.required(path);
    return;
  }
  if (Buffer.byteLength(name) > MAX_POOL_NAME) errors.tooLong(path, MAX_POOL_NAME);
  for (const part of name.split('/')) errors.invalidEach(path, part, isDns1123Subdomain(part));
}

/** `model`, or `gpu.example.com/model`. What has more than one slash upstream lets pass. */
export function checkDeviceFieldName(name: string, path: FieldPath, errors: FieldErrors): void {
  const parts = name.split('/');
  const [first = '', second] = parts;
  if (parts.length > 2) return;
  if (second === undefined) {
    checkIdentifier(first, path, errors);
    return;
  }
  if (first === '') errors.invalid(path, '', 'the domain must not be empty');
  else checkDriverName(first, path, errors);
  if (second === '') errors.invalid(path, '', 'the name must not be empty');
  else checkIdentifier(second, path, errors);
}

function checkIdentifier(name: string, path: FieldPath, errors: FieldErrors): void {
  if (Buffer.byteLength(name) > MAX_IDENTIFIER) errors.tooLong(path, MAX_IDENTIFIER);
  errors.invalidEach(path, name, isCIdentifier(name));
}

export function checkFullName(name: string, path: FieldPath, errors: FieldErrors): void {
  checkDeviceFieldName(name, path, errors);
  if (!name.includes('/')) errors.invalid(path, name, 'a fully qualified name must be a domain and a name separated by a slash');
}

const UID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NORMAL_UID = 'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters';

export function checkUid(uid: string, path: FieldPath, errors: FieldErrors): void {
  if (UID.test(uid)) return;
  if (UID.test(uid.toLowerCase())) errors.invalid(path, uid, NORMAL_UID);
  else if (![32, 36, 38, 45].includes(uid.length)) errors.invalid(path, uid, `error validating uid: invalid UUID length: ${uid.length}`);
  else errors.invalid(path, uid, 'error validating uid: invalid UUID format');
}

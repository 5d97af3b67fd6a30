import {
  isConfigMapKey,
  isDns1123Label,
  isDns1123Subdomain,
  isQualifiedName,
  isValidLabelValue,
  isValidPortName,
  isValidPortNumber,
  maskTrailingDash,
} from '../../../../kube/apimachinery/name-validation.ts';
import { validateAnnotations as annotationErrors } from '../../../../kube/apimachinery/label-validation.ts';
import { FIELD_IMMUTABLE, MUST_BE_NON_NEGATIVE, MUST_BE_POSITIVE, type FieldErrors } from './field-errors.ts';
import type { FieldPath } from './field-path.ts';
import { semanticEqual } from './semantic-equal.ts';

/** Checks of single values that many resources share (upstream: pkg/apis/core/validation, 1.36). */

export function isEmpty(value: string | readonly unknown[] | undefined | null): boolean {
  return value === undefined || value === null || value.length === 0;
}
export function sizeOf(map: object | undefined | null): number {
  return map === undefined || map === null ? 0 : Object.keys(map).length;
}

export function checkDnsLabel(value: string, path: FieldPath, errors: FieldErrors): void {
  errors.invalidEach(path, value, isDns1123Label(value));
}
export function checkDnsSubdomain(value: string, path: FieldPath, errors: FieldErrors): void {
  errors.invalidEach(path, value, isDns1123Subdomain(value));
}
export function checkQualifiedName(value: string, path: FieldPath, errors: FieldErrors): void {
  errors.invalidEach(path, value, isQualifiedName(value));
}
export const checkLabelName = checkQualifiedName;
export function checkConfigMapKey(value: string, path: FieldPath, errors: FieldErrors): void {
  errors.invalidEach(path, value, isConfigMapKey(value));
}
export function checkNonNegative(value: number | undefined, path: FieldPath, errors: FieldErrors): void {
  if (value !== undefined && value < 0) errors.invalid(path, value, MUST_BE_NON_NEGATIVE);
}
export function checkPositive(value: number, path: FieldPath, errors: FieldErrors): void {
  if (value <= 0) errors.invalid(path, value, MUST_BE_POSITIVE);
}
/** `printed`: the next value as a message has it. */
export function checkImmutable(next: unknown, previous: unknown, path: FieldPath, errors: FieldErrors, printed = next): void {
  if (!semanticEqual(next, previous)) errors.invalid(path, printed, FIELD_IMMUTABLE);
}

/** Map keys in the order in which upstream's fuzz-free answers list them: sorted. */
export function sortedKeys(map: object | undefined | null): string[] {
  return map === undefined || map === null ? [] : Object.keys(map).sort();
}

export function checkLabels(labels: Readonly<Record<string, string>> | undefined, path: FieldPath, errors: FieldErrors): void {
  if (labels === undefined) return;
  for (const key of Object.keys(labels)) {
    errors.invalidEach(path, key, isQualifiedName(key));
    const value = labels[key] ?? '';
    errors.invalidEach(path, value, isValidLabelValue(value));
  }
}
export function checkAnnotations(annotations: Readonly<Record<string, string>> | undefined, path: FieldPath, errors: FieldErrors): void {
  if (annotations === undefined) return;
  errors.addAll(annotationErrors(annotations, path.toString()));
}

export function checkPortNumber(port: number, path: FieldPath, errors: FieldErrors): void {
  errors.invalidEach(path, port, isValidPortNumber(port));
}
export function checkPortNumberOrName(port: number | string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (typeof port === 'string') errors.invalidEach(path, port, isValidPortName(port));
  else errors.invalidEach(path, port ?? 0, isValidPortNumber(port ?? 0));
}

/** Names of most objects: DNS subdomains; a prefix (generateName) may end in a dash. */
export function nameIsDnsSubdomain(name: string, prefix = false): string[] {
  return isDns1123Subdomain(prefix ? maskTrailingDash(name) : name);
}
export function nameIsDnsLabel(name: string, prefix = false): string[] {
  return isDns1123Label(prefix ? maskTrailingDash(name) : name);
}
/** The same, in the words of the kinds whose names are declared by markers upstream. */
export function nameOfLimitedBytes(name: string, prefix = false): string[] {
  return nameIsDnsSubdomain(name, prefix).map((message) => message.replace(/^must be no more than (\d+) characters$/, 'must be no more than $1 bytes'));
}
export function checkObjectName(name: string, path: FieldPath, errors: FieldErrors): void {
  errors.invalidEach(path, name, isDns1123Subdomain(name));
}

const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** What core resources ask of finalizers beyond being qualified names. */
export function checkKubeFinalizer(finalizer: string, path: FieldPath, errors: FieldErrors): void {
  if (!finalizer.includes('/') && !STANDARD_FINALIZERS.has(finalizer)) {
    errors.invalid(path, finalizer, 'name is neither a standard finalizer name nor is it fully qualified');
  }
}
export function checkKubeFinalizers(finalizers: readonly string[] | undefined, metadataPath: FieldPath, errors: FieldErrors): void {
  if (finalizers === undefined) return;
  for (const [index, finalizer] of finalizers.entries()) checkKubeFinalizer(finalizer, metadataPath.child('finalizers').index(index), errors);
}

/** Non-empty, relative, and nowhere upwards. */
export function checkLocalDescendingPath(path: string, field: FieldPath, errors: FieldErrors): void {
  if (path.startsWith('/')) errors.invalid(field, path, 'must be a relative path');
  checkNoBacksteps(path, field, errors);
}
export function checkNoBacksteps(path: string, field: FieldPath, errors: FieldErrors): void {
  if (hasBacksteps(path)) errors.invalid(field, path, "must not contain '..'");
}
export function hasBacksteps(path: string): boolean {
  return path.includes('..') && path.split('/').includes('..');
}
/** The names that start with two dots belong to the kubelet's atomic writer. */
export function checkLocalNonReservedPath(path: string, field: FieldPath, errors: FieldErrors): void {
  checkLocalDescendingPath(path, field, errors);
  if (path.startsWith('..') && !path.startsWith('../')) errors.invalid(field, path, "must not start with '..'");
}

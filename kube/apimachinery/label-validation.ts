import { fieldInvalid, fieldTooLong, type FieldError } from './field-error.ts';
import { byteLength, isQualifiedName, isValidLabelValue, TOTAL_ANNOTATION_SIZE_LIMIT_BYTES } from './name-validation.ts';

export function validateLabelName(name: string, path: string): FieldError[] {
  return isQualifiedName(name).map((message) => fieldInvalid(path, name, message));
}

export function validateLabels(labels: Readonly<Record<string, string>> | undefined, path: string): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...validateLabelName(key, path),
    ...isValidLabelValue(value).map((message) => fieldInvalid(path, value, message)),
  ]);
}

/** Keys are checked in lower case; the size limit is over all keys and values. */
export function validateAnnotations(annotations: Readonly<Record<string, string>> | undefined, path: string): FieldError[] {
  const entries = Object.entries(annotations ?? {});
  const errors = entries.flatMap(([key]) => isQualifiedName(key.toLowerCase()).map((message) => fieldInvalid(path, key, message)));
  const sizeBytes = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  if (sizeBytes > TOTAL_ANNOTATION_SIZE_LIMIT_BYTES) errors.push(fieldTooLong(path, TOTAL_ANNOTATION_SIZE_LIMIT_BYTES));
  return errors;
}

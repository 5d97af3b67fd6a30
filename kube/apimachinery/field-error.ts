/**
 * One problem of one field, as validation returns them (upstream: apimachinery/pkg/util/validation/field).
 * `formatFieldError` gives upstream's text, e.g. `spec.replicas: Invalid value: -1: must be greater than or equal to 0`.
 */
export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError'
  | 'FieldValueTypeInvalid';

export interface FieldError {
  readonly type: FieldErrorType;
  /** Path such as `spec.containers[0].image`, or `metadata.labels[key]`; '' for the root is written `<nil>` upstream. */
  readonly field: string;
  readonly badValue?: unknown;
  readonly detail: string;
}

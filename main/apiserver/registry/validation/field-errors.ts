import {
  fieldDuplicate,
  fieldForbidden,
  fieldInternalError,
  fieldInvalid,
  fieldNotFound,
  fieldNotSupported,
  fieldRequired,
  fieldTooLong,
  fieldTooMany,
  type FieldError,
} from '../../../../kube/apimachinery/field-error.ts';
import type { FieldPath } from './field-path.ts';

/** Collects the errors of one validation in the order in which they are found, which is the order of the answer. */
export class FieldErrors {
  readonly #errors: FieldError[] = [];

  get list(): readonly FieldError[] {
    return this.#errors;
  }
  get count(): number {
    return this.#errors.length;
  }

  add(error: FieldError): void {
    this.#errors.push(error);
  }
  addAll(errors: readonly FieldError[]): void {
    for (const error of errors) this.#errors.push(error);
  }
  required(path: FieldPath, detail = ''): void {
    this.#errors.push(fieldRequired(path.toString(), detail));
  }
  invalid(path: FieldPath, value: unknown, detail: string): void {
    this.#errors.push(fieldInvalid(path.toString(), value, detail));
  }
  /** One error for each message of a name check. */
  invalidEach(path: FieldPath, value: unknown, messages: readonly string[]): void {
    for (const message of messages) this.invalid(path, value, message);
  }
  /** `supported` in the order of the message: upstream sorts sets, and keeps lists as written. */
  notSupported(path: FieldPath, value: unknown, supported: readonly string[]): void {
    this.#errors.push(fieldNotSupported(path.toString(), value === undefined ? '' : value, supported));
  }
  forbidden(path: FieldPath, detail: string): void {
    this.#errors.push(fieldForbidden(path.toString(), detail));
  }
  duplicate(path: FieldPath, value: unknown): void {
    this.#errors.push(fieldDuplicate(path.toString(), value));
  }
  notFound(path: FieldPath, value: unknown, detail = ''): void {
    this.#errors.push({ ...fieldNotFound(path.toString(), value), detail });
  }
  tooLong(path: FieldPath, maxBytes: number): void {
    this.#errors.push(fieldTooLong(path.toString(), maxBytes));
  }
  tooMany(path: FieldPath, actual: number, maximum: number): void {
    this.#errors.push(fieldTooMany(path.toString(), actual, maximum));
  }
  internal(path: FieldPath, detail: string): void {
    this.#errors.push(fieldInternalError(path.toString(), detail));
  }
}

export const MUST_BE_NON_NEGATIVE = 'must be greater than or equal to 0';
export const MUST_BE_POSITIVE = 'must be greater than zero';
export const FIELD_IMMUTABLE = 'field is immutable';

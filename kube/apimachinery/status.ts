import { assert } from './assert.ts';
import type { ListMeta } from './object-meta.ts';

/** What the API answers when there is no object to answer with (metav1.Status). The same JSON travels over HTTP, the bridge and the UI. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: ListMeta;
  readonly status?: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: StatusReason;
  readonly details?: StatusDetails;
  readonly code?: number;
}

/** metav1.StatusReason; '' is upstream's StatusReasonUnknown. */
export type StatusReason =
  | ''
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Invalid'
  | 'ServerTimeout'
  | 'StoreReadError'
  | 'Timeout'
  | 'TooManyRequests'
  | 'BadRequest'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'RequestEntityTooLarge'
  | 'UnsupportedMediaType'
  | 'InternalError'
  | 'Expired'
  | 'ServiceUnavailable';

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  /** A resource name (`pods`) or, for Invalid, a kind (`Pod`). */
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** An expected failure of the API. The message is the Status's message. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: Status;

  constructor(status: Status, options?: ErrorOptions) {
    super(status.message ?? '', options);
    this.status = status;
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): StatusReason {
    return this.status.reason ?? '';
  }
}

/** A failure Status with upstream's member order; empty members are left out as Go's omitempty does. */
export function failureStatus(failure: {
  readonly code: number;
  readonly reason: StatusReason;
  readonly message: string;
  readonly details?: StatusDetails;
}): Status {
  const { code, reason, message, details } = failure;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    ...(message === '' ? {} : { message }),
    ...(reason === '' ? {} : { reason }),
    ...(details === undefined ? {} : { details: compactDetails(details) }),
    code,
  };
}

export function successStatus(details?: StatusDetails): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    ...(details === undefined ? {} : { details: compactDetails(details) }),
  };
}

function compactDetails({ name, group, kind, uid, causes, retryAfterSeconds }: StatusDetails): StatusDetails {
  return {
    ...(name ? { name } : {}),
    ...(group ? { group } : {}),
    ...(kind ? { kind } : {}),
    ...(uid ? { uid } : {}),
    ...(causes && causes.length > 0 ? { causes } : {}),
    ...(retryAfterSeconds ? { retryAfterSeconds } : {}),
  };
}

export function isStatus(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status' && 'status' in value;
}

/** The Status of any thrown value: a StatusError's own, otherwise InternalError with its text. */
export function statusOf(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  const message = error instanceof Error ? error.message : String(error);
  return failureStatus({
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${message}`,
    details: { causes: [{ message }] },
  });
}

/** Wraps a received Status; a Status that does not say Failure is a programming error of the caller. */
export function errorFromStatus(status: Status): StatusError {
  assert(status.status !== 'Success', 'errorFromStatus was given a success Status');
  return new StatusError(status);
}

function reasonOf(error: unknown): StatusReason | undefined {
  return error instanceof StatusError ? error.reason : undefined;
}
/** Matches the reason, or the HTTP code when the server gave no reason that is known. */
function matches(error: unknown, reason: StatusReason, code?: number): boolean {
  if (!(error instanceof StatusError)) return false;
  return error.reason === reason || (error.reason === '' && code !== undefined && error.status.code === code);
}

export const isNotFound = (error: unknown): boolean => matches(error, 'NotFound', 404);
export const isAlreadyExists = (error: unknown): boolean => reasonOf(error) === 'AlreadyExists';
export const isConflict = (error: unknown): boolean => matches(error, 'Conflict', 409);
export const isInvalid = (error: unknown): boolean => matches(error, 'Invalid', 422);
export const isGone = (error: unknown): boolean => matches(error, 'Gone', 410);
/** 410 Expired: the resourceVersion or continue token is too old; list again. */
export const isExpired = (error: unknown): boolean => reasonOf(error) === 'Expired';
export const isNotAcceptable = (error: unknown): boolean => matches(error, 'NotAcceptable', 406);
export const isUnsupportedMediaType = (error: unknown): boolean => matches(error, 'UnsupportedMediaType', 415);
export const isMethodNotSupported = (error: unknown): boolean => matches(error, 'MethodNotAllowed', 405);
export const isServiceUnavailable = (error: unknown): boolean => matches(error, 'ServiceUnavailable', 503);
export const isBadRequest = (error: unknown): boolean => matches(error, 'BadRequest', 400);
export const isUnauthorized = (error: unknown): boolean => matches(error, 'Unauthorized', 401);
export const isForbidden = (error: unknown): boolean => matches(error, 'Forbidden', 403);
export const isTimeout = (error: unknown): boolean => matches(error, 'Timeout', 504);
export const isServerTimeout = (error: unknown): boolean => reasonOf(error) === 'ServerTimeout';
export const isInternalError = (error: unknown): boolean => matches(error, 'InternalError', 500);
export const isTooManyRequests = (error: unknown): boolean => matches(error, 'TooManyRequests', 429);
export const isRequestEntityTooLarge = (error: unknown): boolean => matches(error, 'RequestEntityTooLarge', 413);

/** Seconds the server asked to wait before trying again; undefined when it did not suggest one. */
export function suggestedDelaySeconds(error: unknown): number | undefined {
  return error instanceof StatusError ? error.status.details?.retryAfterSeconds : undefined;
}

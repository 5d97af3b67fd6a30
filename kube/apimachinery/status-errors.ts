import { aggregateFieldErrors, formatFieldErrorBody, formatFieldName, type FieldError } from './field-error.ts';
import { goQuote } from './go-format.ts';
import { failureStatus, StatusError, type StatusCause, type StatusDetails, type StatusReason } from './status.ts';

/** One constructor per metav1.StatusReason, with the texts and details of upstream's apimachinery/pkg/api/errors (1.36). */

export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}
export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** `pods`, `deployments.apps`. */
export function formatGroupResource({ group, resource }: GroupResource): string {
  return group === '' ? resource : `${resource}.${group}`;
}
export function formatGroupKind({ group, kind }: GroupKind): string {
  return group === '' ? kind : `${kind}.${group}`;
}

function fail(code: number, reason: StatusReason, message: string, details?: StatusDetails): StatusError {
  return new StatusError(failureStatus({ code, reason, message, details }));
}
function detailsOf({ group, resource }: GroupResource, name = ''): StatusDetails {
  return { name, group, kind: resource };
}

export function newNotFound(resource: GroupResource, name: string): StatusError {
  return fail(404, 'NotFound', `${formatGroupResource(resource)} ${goQuote(name)} not found`, detailsOf(resource, name));
}
/** For a path that names no resource at all. */
export function newResourceNotServed(): StatusError {
  return fail(404, 'NotFound', 'the server could not find the requested resource', {});
}
export function newAlreadyExists(resource: GroupResource, name: string): StatusError {
  return fail(409, 'AlreadyExists', `${formatGroupResource(resource)} ${goQuote(name)} already exists`, detailsOf(resource, name));
}
export function newGenerateNameConflict(resource: GroupResource, name: string, retryAfterSeconds: number): StatusError {
  const what = `${formatGroupResource(resource)} ${goQuote(name)}`;
  return fail(409, 'AlreadyExists', `${what} already exists, the server was not able to generate a unique name for the object`, {
    ...detailsOf(resource, name),
    retryAfterSeconds,
  });
}
export function newUnauthorized(message: string): StatusError {
  return fail(401, 'Unauthorized', message === '' ? 'not authorized' : message);
}
export function newForbidden(resource: GroupResource, name: string, reason: string): StatusError {
  return fail(403, 'Forbidden', forbiddenMessage(resource, name, reason), detailsOf(resource, name));
}
function forbiddenMessage(resource: GroupResource, name: string, reason: string): string {
  if (resource.resource === '') return `forbidden: ${reason}`;
  if (name === '') return `${formatGroupResource(resource)} is forbidden: ${reason}`;
  return `${formatGroupResource(resource)} ${goQuote(name)} is forbidden: ${reason}`;
}
export function newConflict(resource: GroupResource, name: string, reason: string): StatusError {
  const what = `${formatGroupResource(resource)} ${goQuote(name)}`;
  return fail(409, 'Conflict', `Operation cannot be fulfilled on ${what}: ${reason}`, detailsOf(resource, name));
}
/** The usual conflict: the object's resourceVersion is not the one that the writer saw. */
export const OPTIMISTIC_LOCK_MESSAGE =
  'the object has been modified; please apply your changes to the latest version and try again';

/** Conflicts of server-side apply: one cause per conflicting field. */
export function newApplyConflict(causes: readonly StatusCause[], message: string): StatusError {
  return fail(409, 'Conflict', message, { causes });
}
export function newGone(message: string): StatusError {
  return fail(410, 'Gone', message);
}
export function newResourceExpired(message: string): StatusError {
  return fail(410, 'Expired', message);
}
export function newInvalid(kind: GroupKind, name: string, errors: readonly FieldError[]): StatusError {
  const causes = errors.map((error) => ({
    reason: error.type,
    message: formatFieldErrorBody(error),
    field: formatFieldName(error.field),
  }));
  const what = `${formatGroupKind(kind)} ${goQuote(name)} is invalid`;
  const message = errors.length === 0 ? what : `${what}: ${aggregateFieldErrors(errors)}`;
  return fail(422, 'Invalid', message, { name, group: kind.group, kind: kind.kind, causes });
}
export function newBadRequest(message: string): StatusError {
  return fail(400, 'BadRequest', message);
}
export function newTooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return fail(429, 'TooManyRequests', message, { retryAfterSeconds });
}
/** The overload answer of the request filters. */
export function newTooManyRequestsError(message: string): StatusError {
  return fail(429, 'TooManyRequests', `Too many requests: ${message}`);
}
export function newServiceUnavailable(message: string): StatusError {
  return fail(503, 'ServiceUnavailable', message);
}
export function newMethodNotSupported(resource: GroupResource, action: string): StatusError {
  const message = `${action} is not supported on resources of kind ${goQuote(formatGroupResource(resource))}`;
  return fail(405, 'MethodNotAllowed', message, detailsOf(resource));
}
export function newServerTimeout(resource: GroupResource, operation: string, retryAfterSeconds: number): StatusError {
  const what = `The ${operation} operation against ${formatGroupResource(resource)}`;
  return fail(500, 'ServerTimeout', `${what} could not be completed at this time, please try again.`, {
    ...detailsOf(resource, operation),
    retryAfterSeconds,
  });
}
export function newInternalError(cause: unknown): StatusError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const status = failureStatus({
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${message}`,
    details: { causes: [{ message }] },
  });
  return new StatusError(status, { cause });
}
/** 0: nothing is said of when to try again. */
export function newTimeout(message: string, retryAfterSeconds: number): StatusError {
  return fail(504, 'Timeout', `Timeout: ${message}`, retryAfterSeconds === 0 ? {} : { retryAfterSeconds });
}
export function newRequestEntityTooLarge(message: string): StatusError {
  return fail(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`);
}
export function newNotAcceptable(acceptedMediaTypes: readonly string[]): StatusError {
  return fail(406, 'NotAcceptable', `only the following media types are accepted: ${acceptedMediaTypes.join(', ')}`);
}
export function newUnsupportedMediaType(acceptedMediaTypes: readonly string[]): StatusError {
  const list = acceptedMediaTypes.join(', ');
  return fail(415, 'UnsupportedMediaType', `the body of the request was in an unknown format - accepted media types include: ${list}`);
}

/**
 * What a client makes of a non-2xx answer that carries no Status (upstream: NewGenericServerResponse), and what the server answers for
 * paths it knows nothing of.
 */
export function newGenericServerResponse(answer: {
  readonly code: number;
  readonly verb: string;
  readonly resource: GroupResource;
  readonly name: string;
  readonly serverMessage: string;
  readonly retryAfterSeconds?: number;
  /** The answer came from somewhere that should have sent a Status: its text becomes a cause. Default true. */
  readonly isUnexpected?: boolean;
}): StatusError {
  const { code, verb, resource, name, serverMessage, retryAfterSeconds, isUnexpected = true } = answer;
  const known = genericAnswer(code, verb, serverMessage);
  const target = formatGroupResource(resource);
  const suffix = resource.resource === '' ? '' : name === '' ? ` (${verb.toLowerCase()} ${target})` : ` (${verb.toLowerCase()} ${target} ${name})`;
  const causes = isUnexpected ? [{ reason: 'UnexpectedServerResponse', message: serverMessage }] : [];
  return fail(code, known.reason, known.message + suffix, { ...detailsOf(resource, name), causes, retryAfterSeconds });
}

function genericAnswer(code: number, verb: string, serverMessage: string): { readonly reason: StatusReason; readonly message: string } {
  const table: Readonly<Record<number, readonly [StatusReason, string]>> = {
    400: ['BadRequest', 'the server rejected our request for an unknown reason'],
    401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
    403: ['Forbidden', serverMessage],
    404: ['NotFound', 'the server could not find the requested resource'],
    405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
    406: ['NotAcceptable', serverMessage],
    409: [verb === 'POST' ? 'AlreadyExists' : 'Conflict', 'the server reported a conflict'],
    413: ['RequestEntityTooLarge', `Request entity too large: ${serverMessage}`],
    415: ['UnsupportedMediaType', serverMessage],
    422: ['Invalid', 'the server rejected our request due to an error in our request'],
    429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
    500: ['InternalError', `an error on the server (${goQuote(serverMessage)}) has prevented the request from succeeding`],
    503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
    504: ['Timeout', 'the server was unable to return a response in the time allotted, but may still be processing the request'],
  };
  const known = table[code];
  if (known !== undefined) return { reason: known[0], message: known[1] };
  if (code >= 500) return { reason: 'InternalError', message: `an error on the server (${goQuote(serverMessage)}) has prevented the request from succeeding` };
  return { reason: '', message: `the server responded with the status code ${code} but did not return more information` };
}

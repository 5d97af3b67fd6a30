import { newBadRequest, newTimeout } from '../../../kube/apimachinery/status-errors.ts';
import { failureStatus, StatusError } from '../../../kube/apimachinery/status.ts';

/** A resourceVersion as the client gave it, as a revision; undefined when unset. Throws 400 with upstream's text. */
export function parseResourceVersion(resourceVersion: string | undefined): number | undefined {
  if (resourceVersion === undefined || resourceVersion === '') return undefined;
  const problem = resourceVersionProblem(resourceVersion);
  if (problem !== undefined) throw newBadRequest(`invalid resource version: ${problem}`);
  return Number(resourceVersion);
}

/** The same for a read or a watch, where upstream gives the error no code of its own: 500. */
export function parsePlainResourceVersion(resourceVersion: string | undefined): number | undefined {
  const problem = resourceVersion ? resourceVersionProblem(resourceVersion) : undefined;
  if (problem !== undefined) throw new StatusError(failureStatus({ code: 500, reason: '', message: problem }));
  return parseResourceVersion(resourceVersion);
}

function resourceVersionProblem(resourceVersion: string): string | undefined {
  const problem = uintProblem(resourceVersion);
  const quoted = JSON.stringify(resourceVersion);
  return problem && `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ${problem}`;
}

function uintProblem(text: string): string | undefined {
  if (!/^[0-9]+$/.test(text)) return 'invalid syntax';
  return text.replace(/^0+/, '').length > 20 || BigInt(text) > 0xffff_ffff_ffff_ffffn ? 'value out of range' : undefined;
}

/** The client has seen something newer than this server (upstream: NewTooLargeResourceVersionError). */
export function newTooLargeResourceVersion(requested: number, current: number, retryAfterSeconds = 1): StatusError {
  const { status } = newTimeout(`Too large resource version: ${requested}, current: ${current}`, retryAfterSeconds);
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
  return new StatusError({ ...status, details: { causes, ...status.details } });
}

import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { parseDuration } from '../../../kube/apimachinery/duration.ts';
import { newBadRequest } from '../../../kube/apimachinery/status-errors.ts';
import type { ApiResponse } from '../endpoints/request.ts';
import { textResponse } from '../endpoints/respond.ts';

/** As upstream's --request-timeout. */
export const REQUEST_TIMEOUT_MS = 60_000;

/** `?timeout=5s` shortens the time that a request may take; it cannot prolong it (upstream: filters/request_deadline.go). */
export function requestTimeoutOf(query: URLSearchParams, maximumMs: number): number {
  const text = query.get('timeout');
  if (text === null || text === '') return maximumMs;
  let wanted: number;
  try {
    wanted = parseDuration(text);
  } catch (error) {
    throw newBadRequest(`invalid timeout specified in the request URL - ${error instanceof Error ? error.message : String(error)}`);
  }
  return wanted > 0 && wanted < maximumMs ? wanted : maximumMs;
}

/** The Status travels without kind and as plain text: so writes upstream's timeout filter (server/filters/timeout.go). */
const TIMED_OUT = `${JSON.stringify({
  metadata: {}, status: 'Failure', message: 'Timeout: request did not complete within the allotted timeout', reason: 'Timeout', details: {}, code: 504,
})}\n`;

/** A request that takes too long is answered; what it began goes on by itself, as upstream. `late` is told. */
export function withDeadline(work: Promise<ApiResponse>, { timeoutMs, clock, late }: { readonly timeoutMs: number; readonly clock: Clock; readonly late: () => void }): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(timeoutMs, () => {
      late();
      resolve(textResponse(504, TIMED_OUT));
    });
    // Told in time, or told to nobody.
    const settle = <V>(act: (value: V) => void) => (value: V): void => {
      timer[Symbol.dispose]();
      act(value);
    };
    work.then(settle(resolve), settle(reject));
  });
}

import type { Transport } from '../../kube/client/transport.ts';

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
  readonly count: number;
}

/** Workers that each send the next request when the last was answered (a closed loop), for a time or up to a limit; the first tenth of the time does not count. */
export async function load({ workers, seconds, limit = Number.POSITIVE_INFINITY, send }: { readonly workers: number; readonly seconds: number; readonly limit?: number; readonly send: (turn: number) => Promise<boolean> }): Promise<LoadResult> {
  const started = performance.now();
  const countFrom = started + seconds * 100;
  const end = started + seconds * 1000;
  const times: number[] = [];
  let turn = 0;
  let failures = 0;
  await Promise.all(Array.from({ length: workers }, async () => {
    while (performance.now() < end && turn < limit) {
      const sentAt = performance.now();
      const good = await send(turn++);
      const answeredAt = performance.now();
      if (!good) failures++;
      if (sentAt >= countFrom) times.push(answeredAt - sentAt);
    }
  }));
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  return { perSecond: times.length / ((performance.now() - countFrom) / 1000), p50Ms: at(0.5), p99Ms: at(0.99), failures, count: turn };
}

/** One exchange with its body read to the end; true for a 2xx. */
export async function exchange(transport: Transport, { method, path, body, type = 'application/json' }: { readonly method: string; readonly path: string; readonly body?: string; readonly type?: string }): Promise<{ readonly good: boolean; readonly bytes: number }> {
  const response = await transport.fetch({ method, path, headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': type }) }, ...(body === undefined ? {} : { body }) });
  let bytes = 0;
  if (response.body instanceof Uint8Array) bytes = response.body.length;
  else for await (const chunk of response.body) bytes += chunk.length;
  return { good: response.status < 300, bytes };
}

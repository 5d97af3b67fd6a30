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

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent: the body is read and thrown away. */
  readonly keepText?: boolean;
}

/** One exchange with its body read to the end; good is a 2xx. */
export async function exchange(transport: Transport, { method, path, body, type = 'application/json', headers, keepText = false }: Exchange): Promise<{ readonly good: boolean; readonly bytes: number; readonly text: string }> {
  const response = await transport.fetch({ method, path, headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': type }), ...headers }, ...(body === undefined ? {} : { body }) });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body instanceof Uint8Array ? [response.body] : response.body) {
    bytes += chunk.length;
    if (keepText) chunks.push(chunk);
  }
  return { good: response.status < 300, bytes, text: Buffer.concat(chunks).toString() };
}

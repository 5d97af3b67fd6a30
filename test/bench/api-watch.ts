import type { ApiTransport } from '../../agent/api-transport.ts';
import { exchange } from './load.ts';
import { printTable } from './markdown.ts';
import { processCost } from './process-cost.ts';

const namespace = 'watched';
const path = `/api/v1/namespaces/${namespace}/configmaps`;
const watchers = 100;
const events = 500;
const payload = 'x'.repeat(1024);

/** 100 watchers of 500 new ConfigMaps: written by 16 at once, then 50 a second. */
export async function benchWatch(transports: readonly ApiTransport[], daemonPid: number): Promise<void> {
  const [writer] = transports as readonly [ApiTransport];
  await exchange(writer, { method: 'POST', path: '/api/v1/namespaces', body: JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }) });
  const rows: string[][] = [];
  for (const { name, perSecond, reference } of [
    { name: 'burst, 16 writers', perSecond: 0, reference: '68,500–84,700 events/s' },
    { name: '50 writes a second', perSecond: 50, reference: 'p50 0.49, p99 2.7 ms' },
  ]) {
    const before = await processCost(daemonPid);
    const { seconds, delaysMs } = await watched(transports, { prefix: perSecond === 0 ? 'burst' : 'paced', perSecond });
    const cpuMs = ((await processCost(daemonPid)).cpuSeconds - before.cpuSeconds) * 1000;
    delaysMs.sort((a, b) => a - b);
    const at = (share: number) => (delaysMs[Math.floor(delaysMs.length * share)] ?? Number.NaN).toFixed(1);
    rows.push([name, (delaysMs.length / seconds).toFixed(0), `${at(0.5)} / ${at(0.99)}`, ((cpuMs * 1000) / delaysMs.length).toFixed(1), reference]);
  }
  printTable([`${watchers} watchers × ${events} events`, 'events/s', 'p50 / p99 ms after the write was answered', 'daemon CPU µs an event', 'reference'], rows);
}

async function watched(transports: readonly ApiTransport[], { prefix, perSecond }: { readonly prefix: string; readonly perSecond: number }): Promise<{ readonly seconds: number; readonly delaysMs: number[] }> {
  const [writer] = transports as readonly [ApiTransport];
  const { text } = await exchange(writer, { method: 'GET', path: `${path}?limit=1`, keepText: true });
  const { resourceVersion } = (JSON.parse(text) as { metadata: { resourceVersion: string } }).metadata;
  const stop = new AbortController();
  const answeredAt = new Map<string, number>();
  const received: { readonly name: string; readonly at: number }[] = [];
  const { promise: complete, resolve } = Promise.withResolvers<void>();
  const follow = async (transport: ApiTransport): Promise<void> => {
    const { body } = await transport.fetch({ method: 'GET', path: `${path}?watch=1&resourceVersion=${resourceVersion}`, headers: { accept: 'application/json' }, signal: stop.signal });
    for await (const name of namesIn(body as AsyncIterable<Uint8Array>)) {
      received.push({ name, at: performance.now() });
      if (received.length === watchers * events) resolve();
    }
  };
  const following = Array.from({ length: watchers }, (_, i) => follow(transports[i % transports.length] as ApiTransport).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  }));
  const started = performance.now();
  await write(writer, { prefix, perSecond, answered: (name) => answeredAt.set(name, performance.now()) });
  await Promise.race([complete, Promise.all(following)]);
  const seconds = (performance.now() - started) / 1000;
  stop.abort();
  return { seconds, delaysMs: received.map(({ name, at }) => at - (answeredAt.get(name) ?? at)) };
}

async function write(transport: ApiTransport, { prefix, perSecond, answered }: { readonly prefix: string; readonly perSecond: number; readonly answered: (name: string) => void }): Promise<void> {
  let next = 0;
  const started = performance.now();
  await Promise.all(Array.from({ length: 16 }, async () => {
    while (next < events) {
      const turn = next++;
      const waitMs = perSecond === 0 ? 0 : started + (turn * 1000) / perSecond - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const name = `${prefix}-${turn}`;
      await exchange(transport, { method: 'POST', path, body: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { payload } }) });
      answered(name);
    }
  }));
}

/** The name of the object in each frame. */
async function* namesIn(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + Buffer.from(chunk).toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield /"name":"([^"]*)"/u.exec(line)?.[1] ?? '';
  }
}

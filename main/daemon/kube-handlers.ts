import type { Calls, Streams } from '../bridge/contract.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { StatusError } from '../../kube/apimachinery/status.ts';
import type { Status } from '../../kube/apimachinery/status.ts';
import { newBadRequest } from '../../kube/apimachinery/status-errors.ts';
import { OBJECT_MEDIA_TYPE } from '../../kube/client/transport.ts';
import type { TransportResponse } from '../../kube/client/transport.ts';

type WatchItem = Streams['kube.watch']['item'];
type WatchedEvent = WatchItem['events'][number];

/** Objects per message: a list of 10,000 pods reaches the window in pieces that it can draw between. */
const batchSize = 500;
/** The window asks only below these; everything else of the daemon is not its business. */
const allowedPath = /^\/(api|apis|version|openapi|livez|readyz|healthz)(\/|\?|$)/u;

/** One Kubernetes request on behalf of the window (identity: the cluster's administrator). */
export async function kubeRequest(cluster: Cluster, { method, path, headers, body }: Calls['kube.request']['args'], signal: AbortSignal): Promise<Calls['kube.request']['result']> {
  checkPath(path);
  const response = await cluster.adminTransport.fetch({ method, path, headers: { accept: 'application/json', ...headers }, ...(body === undefined ? {} : { body }), signal });
  return { status: response.status, headers: flatten(response), body: await readText(response) };
}

/** List, then watch for ever: after an expired or broken watch it lists again and says so with `restarted`. */
export async function* kubeWatch(cluster: Cluster, path: string, signal: AbortSignal): AsyncGenerator<WatchItem> {
  checkPath(path);
  for (let round = 0; !signal.aborted; round += 1) {
    const list = (await fetchObject(cluster, path, signal)) as { apiVersion: string; kind: string; metadata: { resourceVersion: string }; items: { apiVersion?: string; kind?: string }[] };
    const kind = list.kind.replace(/List$/u, '');
    if (round > 0) yield { events: [], restarted: true };
    for (let start = 0; start < list.items.length; start += batchSize) {
      yield { events: list.items.slice(start, start + batchSize).map((object): WatchedEvent => ({ type: 'ADDED', object: object.kind === undefined ? { apiVersion: list.apiVersion, kind, ...object } : object })) };
    }
    yield { events: [], synced: true };
    yield* watchFrom(cluster, path, list.metadata.resourceVersion, signal);
  }
}

/** Ends when the watch must be started over with a list. */
async function* watchFrom(cluster: Cluster, path: string, resourceVersion: string, signal: AbortSignal): AsyncGenerator<WatchItem> {
  const query = `${path.includes('?') ? '&' : '?'}watch=1&allowWatchBookmarks=true&resourceVersion=${resourceVersion}`;
  const response = await cluster.adminTransport.fetch({ method: 'GET', path: path + query, headers: { accept: OBJECT_MEDIA_TYPE }, signal });
  if (response.status !== 200 || response.events === undefined) return;
  for await (const batch of response.events as AsyncIterable<readonly { type: string; object: unknown }[]>) {
    if (batch.some((event) => event.type === 'ERROR')) return;
    const events = batch.filter((event) => event.type !== 'BOOKMARK') as WatchedEvent[];
    if (events.length > 0) yield { events };
  }
}

/** A container's log as text, followed until the container ends or the window looks away. */
export async function* podLogs(cluster: Cluster, args: Streams['pod.logs']['args'], signal: AbortSignal): AsyncGenerator<string> {
  const query = new URLSearchParams({ follow: args.previous === true ? 'false' : 'true', tailLines: String(args.tailLines ?? 500) });
  if (args.container !== undefined) query.set('container', args.container);
  if (args.previous === true) query.set('previous', 'true');
  const path = `/api/v1/namespaces/${encodeURIComponent(args.namespace)}/pods/${encodeURIComponent(args.pod)}/log?${query}`;
  const response = await cluster.adminTransport.fetch({ method: 'GET', path, headers: { accept: '*/*' }, signal });
  if (response.status !== 200) throw toStatusError(await readText(response));
  const decoder = new TextDecoder();
  if (response.body instanceof Uint8Array) yield decoder.decode(response.body);
  else for await (const chunk of response.body) yield decoder.decode(chunk, { stream: true });
}

async function fetchObject(cluster: Cluster, path: string, signal: AbortSignal): Promise<unknown> {
  const response = await cluster.adminTransport.fetch({ method: 'GET', path, headers: { accept: `${OBJECT_MEDIA_TYPE}, application/json` }, signal });
  if (response.status === 200 && response.object !== undefined) return response.object;
  const text = await readText(response);
  if (response.status !== 200) throw toStatusError(text);
  return JSON.parse(text);
}

function checkPath(path: string): void {
  if (!allowedPath.test(path)) throw newBadRequest(`"${path}" is not a Kubernetes API path`);
}

function toStatusError(text: string): Error {
  try {
    return new StatusError(JSON.parse(text) as Status);
  } catch {
    return new Error(text);
  }
}

function flatten(response: TransportResponse): Record<string, string> {
  return Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, typeof value === 'string' ? value : value.join(', ')]));
}

async function readText(response: TransportResponse): Promise<string> {
  if (response.object !== undefined) return JSON.stringify(response.object);
  if (response.body instanceof Uint8Array) return Buffer.from(response.body).toString('utf8');
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

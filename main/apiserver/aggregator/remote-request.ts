import type { Duplex } from 'node:stream';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { deadlineIn } from '../../../kube/apimachinery/deadline.ts';
import type { ApiResponse, RequestContext } from '../endpoints/request.ts';
import { textResponse } from '../endpoints/respond.ts';
import { exchange, joinUpgrade, type AddedHeaders } from '../proxy/http-exchange.ts';
import type { NodeTarget } from '../proxy/node-connection.ts';
import { UNREACHABLE } from '../proxy/secure-stream.ts';
import { discardBody } from '../serving/write-body.ts';
import type { RemoteApiService } from './api-service-list.ts';
import { connectRemote, hostOf, resolveRemote, userHeaders, type ServiceConnectionOptions } from './service-connection.ts';

export interface RemoteRequestOptions extends ServiceConnectionOptions {
  readonly clock: Clock;
}

/** Clients ask every group version for its resources before anything else: one slow server must not hold them up. */
const DISCOVERY_TIMEOUT_MS = 5_000;
const REDIRECTED = 'the backend attempted to redirect this request, which is not permitted';

/** Passes a request on to the Service of an APIService (upstream: kube-aggregator handler_proxy.go). Watches stream through. */
export async function remoteRequest(options: RemoteRequestOptions, remote: RemoteApiService, context: RequestContext): Promise<ApiResponse> {
  const target = await targetOf(options, remote);
  if (!target) return unavailable('service unavailable');
  const { request } = context;
  const body = await request.readBody();
  using deadline = isDiscovery(context) ? deadlineIn(DISCOVERY_TIMEOUT_MS, { clock: options.clock, outer: request.signal }) : undefined;
  const { signal } = deadline ?? request;
  try {
    const stream = await connectRemote(options, { remote, target }, signal);
    const answer = await exchange(stream, { method: request.method, path: pathOf(context), host: hostOf(target), headers: request.headers, added: addedHeaders(context, target), body, signal });
    if (answer.status < 300 || answer.status > 399 || answer.headers['location'] === undefined) return answer;
    await discardBody(answer.body);
    return textResponse(502, REDIRECTED);
  } catch (error) {
    if (request.signal.aborted) throw error;
    const text = error instanceof Error ? error.message : String(error);
    return unavailable(text.startsWith(UNREACHABLE) ? text : UNREACHABLE + text);
  }
}

/** Joins the client's socket with the Service's; undefined when that is done, otherwise the answer instead. */
export async function remoteUpgrade(options: RemoteRequestOptions, remote: RemoteApiService, { context, socket, head }: { readonly context: RequestContext; readonly socket: Duplex; readonly head: Buffer }): Promise<ApiResponse | undefined> {
  const target = await targetOf(options, remote);
  if (!target) return unavailable('service unavailable');
  const { request } = context;
  try {
    const stream = await connectRemote(options, { remote, target }, request.signal);
    joinUpgrade(socket, stream, { method: request.method, path: pathOf(context), host: hostOf(target), headers: request.headers, added: addedHeaders(context, target), head });
    return undefined;
  } catch (error) {
    return unavailable(error instanceof Error ? error.message : String(error));
  }
}

async function targetOf(options: RemoteRequestOptions, remote: RemoteApiService): Promise<NodeTarget | undefined> {
  if (!remote.isAvailable) return undefined;
  // Why it cannot be resolved is for the operator to see, in the condition of the APIService.
  return resolveRemote(options, remote).catch(() => undefined);
}

function unavailable(text: string): ApiResponse {
  return textResponse(503, `${text}\n`, { nosniff: true });
}

function isDiscovery({ info }: RequestContext): boolean {
  return !info.isResourceRequest && info.path.replace(/^\/+|\/+$/g, '').split('/').length === 3;
}

function pathOf({ request: { rawPath, rawQuery } }: RequestContext): string {
  return rawQuery === '' ? rawPath : `${rawPath}?${rawQuery}`;
}

function addedHeaders({ request, user, auditId }: RequestContext, target: NodeTarget): AddedHeaders {
  const forwardedFor = [request.headers['x-forwarded-for'], request.remoteAddress].filter((one) => one !== undefined).join(', ');
  return {
    ...userHeaders(user), 'audit-id': auditId,
    'x-forwarded-uri': request.rawPath, 'x-forwarded-host': hostOf(target), 'x-forwarded-proto': 'https',
    ...(forwardedFor === '' ? {} : { 'x-forwarded-for': forwardedFor }),
  };
}

import type { Duplex } from 'node:stream';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { Random } from '../../kube/apimachinery/random.ts';
import { newBadRequest, newForbidden, newTimeout, newTooManyRequestsError } from '../../kube/apimachinery/status-errors.ts';
import type { Authenticator } from './authentication/authenticator.ts';
import { withAuthenticatedGroup } from './authentication/user.ts';
import { forbiddenMessage, type Authorizer } from './authorization/authorizer.ts';
import { dispatchResource, type DispatchOptions } from './endpoints/dispatch.ts';
import type { ApiRequest, ApiResponse, RequestContext } from './endpoints/request.ts';
import { errorResponse, pathNotFound, statusResponse } from './endpoints/respond.ts';
import { compressed } from './filters/compression.ts';
import { impersonate } from './filters/impersonation.ts';
import { requestInfoOf, type RequestInfo } from './filters/request-info.ts';
import { withCommonHeaders } from './filters/response-headers.ts';
import { encode } from './negotiation/encode.ts';
import { negotiateResponse } from './negotiation/negotiate.ts';
import type { ServerHandler } from './server.ts';
import { failureStatus, StatusError, statusOf } from '../../kube/apimachinery/status.ts';

/** Answers a path that names no resource; undefined when it is none of its own. */
export type PathEndpoint = (context: RequestContext) => Promise<ApiResponse | undefined> | ApiResponse | undefined;

/** What other servers answer below their paths. */
export interface Delegation<R = unknown> {
  /** Undefined for what this server answers itself. */
  remoteFor(path: string): R | undefined;
  respond(remote: R, context: RequestContext): Promise<ApiResponse>;
  /** Takes the socket; the answer instead when it cannot. */
  upgrade(remote: R, connection: { readonly context: RequestContext; readonly socket: Duplex; readonly head: Buffer }): Promise<ApiResponse | undefined>;
}

export interface HandlerOptions extends DispatchOptions {
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly random: Random;
  /** Asked in order. */
  readonly paths: readonly PathEndpoint[];
  readonly delegation: Delegation;
  readonly upgrades: (context: RequestContext, socket: Duplex, head: Buffer) => Promise<boolean>;
  /** Which flow schema and priority level took the request. */
  readonly flowOf?: (context: RequestContext) => { readonly flowSchemaUid: string; readonly priorityLevelUid: string } | undefined;
  /** Requests at once that are not long-running; above it 429. */
  readonly maxInFlight: number;
  /** Told of each answer: the seam for audit and traces. */
  readonly observe?: (context: RequestContext, response: ApiResponse) => void;
  readonly reportError: (error: unknown, path: string) => void;
}

/** As upstream's --request-timeout. */
const REQUEST_TIMEOUT_MS = 60_000;

const LONG_RUNNING_SUBRESOURCES = new Set(['attach', 'exec', 'proxy', 'log', 'portforward']);
const UNAUTHORIZED = failureStatus({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });

/** The chain of filters and then the endpoint, without a socket (upstream: server/config.go DefaultBuildHandlerChain). */
export function createHandler(options: HandlerOptions): ServerHandler {
  let inFlight = 0;

  async function handle(request: ApiRequest): Promise<ApiResponse> {
    const auditId = auditIdOf(request, options.random);
    const warnings: string[] = [];
    let context: RequestContext | undefined;
    let response: ApiResponse;
    try {
      context = await identify(request, auditId, warnings);
      if (!context) return withCommonHeaders(statusResponse(UNAUTHORIZED), { auditId, warnings });
      response = isLongRunning(context.info) ? await run(context) : await limited(context);
      const isOurs = options.delegation.remoteFor(context.info.path) === undefined;
      if (isOurs && !isLongRunning(context.info)) response = await compressed(request, response);
    } catch (error) {
      response = failed(error, request);
      if (!context) response = { ...response, headers: { ...response.headers, 'x-content-type-options': 'nosniff' } };
    }
    const flow = context && !isUnlimited(context.info) ? options.flowOf?.(context) : undefined;
    const answer = withCommonHeaders(response, { auditId, warnings, flow });
    if (context) options.observe?.(context, answer);
    return answer;
  }

  async function limited(context: RequestContext): Promise<ApiResponse> {
    if (inFlight >= options.maxInFlight) throw newTooManyRequestsError('please try again later.');
    inFlight++;
    try {
      return await withDeadline(run(context), options.clock);
    } finally {
      inFlight--;
    }
  }

  async function identify(request: ApiRequest, auditId: string, warnings: string[]): Promise<RequestContext | undefined> {
    const path = decodedPath(request.rawPath);
    const info = requestInfoOf({ method: request.method, path, query: request.query });
    const user = request.identity ? withAuthenticatedGroup(request.identity) : await options.authenticator.authenticate(request, (text) => warnings.push(text));
    if (!user) return undefined;
    return { request, info, auditId, warnings, user: await impersonate(request, user, options.authorizer) };
  }

  async function run(context: RequestContext): Promise<ApiResponse> {
    const refusal = await refused(context);
    if (refusal) return refusal;
    const remote = options.delegation.remoteFor(context.info.path);
    if (remote !== undefined) return options.delegation.respond(remote, context);
    if (context.info.isResourceRequest) return dispatchResource(options, context);
    for (const endpoint of options.paths) {
      const pending = endpoint(context);
      const response = pending instanceof Promise ? await pending : pending;
      if (response) return response;
    }
    return pathNotFound();
  }

  async function refused({ info, user, request }: RequestContext): Promise<ApiResponse | undefined> {
    const fieldSelector = request.query.get('fieldSelector');
    const attributes = { ...info, user, ...(fieldSelector ? { fieldSelector } : {}) };
    const pending = options.authorizer.authorize(attributes);
    const { decision, reason } = pending instanceof Promise ? await pending : pending;
    if (decision === 'allow') return undefined;
    const why = forbiddenMessage(attributes) + (reason === '' ? '' : `: ${reason}`);
    const resource = info.isResourceRequest ? { group: info.apiGroup, resource: info.resource } : { group: '', resource: '' };
    const response = errorResponse(newForbidden(resource, info.name, why));
    return { ...response, headers: { ...response.headers, 'x-content-type-options': 'nosniff' } };
  }

  function failed(error: unknown, request: ApiRequest): ApiResponse {
    const response = encodedError(error, request);
    if (!(error instanceof StatusError) && !request.signal.aborted) options.reportError(error, request.rawPath);
    return response;
  }

  async function upgrade(request: ApiRequest, socket: Duplex, head: Buffer): Promise<void> {
    let response: ApiResponse;
    const auditId = auditIdOf(request, options.random);
    try {
      const context = await identify(request, auditId, []);
      if (!context) response = statusResponse(UNAUTHORIZED);
      else {
        const refusal = await refused(context);
        const remote = refusal ? undefined : options.delegation.remoteFor(context.info.path);
        const refusedByRemote = remote === undefined ? undefined : await options.delegation.upgrade(remote, { context, socket, head });
        if (remote !== undefined && !refusedByRemote) return;
        if (!refusal && remote === undefined && (await options.upgrades(context, socket, head))) return;
        response = refusal ?? refusedByRemote ?? (await run(context));
      }
    } catch (error) {
      response = failed(error, request);
    }
    refuseUpgrade(socket, withCommonHeaders(response, { auditId, warnings: [] }));
  }

  return { handle, upgrade };
}

/** The Status in the media type the client reads; JSON when it asks for something else. */
function encodedError(error: unknown, request: ApiRequest): ApiResponse {
  const plain = errorResponse(error);
  const { accept } = request.headers;
  if (!accept || !/yaml|protobuf/.test(accept)) return plain;
  try {
    const media = negotiateResponse(accept, { transforms: false });
    return media.format === 'json' ? plain : { ...plain, headers: { ...plain.headers, 'content-type': media.contentType }, body: encode(statusOf(error), media) };
  } catch {
    return plain;
  }
}

function auditIdOf(request: ApiRequest, random: Random): string {
  const given = request.headers['audit-id'];
  return given && given.length <= 64 ? given : random.uuid();
}

/** A request that takes too long is answered; what it began goes on by itself, as upstream. */
async function withDeadline(work: Promise<ApiResponse>, clock: Clock): Promise<ApiResponse> {
  const { promise, reject } = Promise.withResolvers<never>();
  using _timer = clock.setTimer(REQUEST_TIMEOUT_MS, () => reject(newTimeout('request did not complete within the allotted timeout', 0)));
  return await Promise.race([work, promise]);
}

function decodedPath(rawPath: string): string {
  if (!rawPath.includes('%')) return rawPath;
  try {
    return decodeURIComponent(rawPath);
  } catch {
    throw newBadRequest(`invalid URL escape in ${JSON.stringify(rawPath)}`);
  }
}

function isLongRunning({ verb, subresource }: RequestInfo): boolean {
  return verb === 'watch' || isUnlimited({ verb, subresource });
}

function isUnlimited({ verb, subresource }: Pick<RequestInfo, 'verb' | 'subresource'>): boolean {
  return verb === 'proxy' || LONG_RUNNING_SUBRESOURCES.has(subresource);
}

function refuseUpgrade(socket: Duplex, { status, headers, body }: ApiResponse): void {
  const bytes = body instanceof Uint8Array ? body : new Uint8Array(0);
  const lines = Object.entries({ ...headers, 'content-length': String(bytes.length), connection: 'close' }).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => `${name}: ${one}`),
  );
  socket.write(`HTTP/1.1 ${status} Refused\r\n${lines.join('\r\n')}\r\n\r\n`);
  socket.end(bytes);
}

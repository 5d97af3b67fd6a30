import type { Duplex } from 'node:stream';
import type { Random } from '../../kube/apimachinery/random.ts';
import { newBadRequest, newForbidden } from '../../kube/apimachinery/status-errors.ts';
import { UnrecordedError, type Auditor } from './audit/auditor.ts';
import type { AuditSubject } from './audit/audit-record.ts';
import type { Authenticator } from './authentication/authenticator.ts';
import { withAuthenticatedGroup } from './authentication/user.ts';
import { attributesOfRequest, forbiddenMessage, type Authorizer } from './authorization/authorizer.ts';
import { dispatchResource, type DispatchOptions } from './endpoints/dispatch.ts';
import type { ApiRequest, ApiResponse, RequestContext } from './endpoints/request.ts';
import { mediaOf } from './endpoints/media.ts';
import { errorResponse, indentedJsonResponse, pathNotFound, statusResponse, textResponse } from './endpoints/respond.ts';
import { compressed } from './filters/compression.ts';
import { impersonate } from './filters/impersonation.ts';
import { Impersonation } from './filters/impersonation-modes.ts';
import { isLongRunning, requestInfoOf, type RequestInfo } from './filters/request-info.ts';
import { requestTimeoutOf, withDeadline } from './filters/request-timeout.ts';
import { withCommonHeaders } from './filters/response-headers.ts';
import type { FlowControl, FlowTicket } from './flow-control/flow-control.ts';
import { LongRequestAccount } from './long-request-account.ts';
import type { RequestMetrics } from './metrics/request-metrics.ts';
import { encode } from './negotiation/encode.ts';
import { watchOverWebSocket } from './endpoints/watch-over-websocket.ts';
import { answerOnSocket } from './serving/http1.ts';
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
  readonly flow: FlowControl;
  readonly metrics: RequestMetrics;
  /** Absent: nothing is written down. */
  readonly auditor?: Auditor;
  /** No request that is not long-running may take longer. */
  readonly requestTimeoutMs: number;
  /** Told of each answer: the seam for audit and traces. */
  readonly observe?: (context: RequestContext, response: ApiResponse) => void;
  readonly reportError: (error: unknown, path: string) => void;
}

/** The longest that a request waits for its turn, however long it may take. */
const MAX_QUEUE_MS = 60_000;
const UNAUTHORIZED = failureStatus({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });

/** The chain of filters and then the endpoint, without a socket (upstream: server/config.go DefaultBuildHandlerChain). */
export function createHandler(options: HandlerOptions): ServerHandler {
  const { authorizer, clock, metrics } = options;
  const impersonation = new Impersonation({ clock, metrics });

  async function handle(request: ApiRequest): Promise<ApiResponse> {
    const startMs = clock.monotonicMs();
    const auditId = auditIdOf(request, options.random);
    const warnings: string[] = [];
    let context: RequestContext | undefined;
    let response: ApiResponse;
    let ticket: FlowTicket | undefined;
    let isKnown = false;
    try {
      const { info, timeoutMs } = arrived(request);
      context = await authenticate(request, { info, auditId, warnings });
      if (!context) return withCommonHeaders(statusResponse(UNAUTHORIZED), { auditId, warnings });
      await takeOn(context);
      isKnown = true;
      const beganMs = clock.monotonicMs();
      const begun = isFlowControlled(info) ? options.flow.begin(context, Math.min(timeoutMs / 4, MAX_QUEUE_MS)) : undefined;
      ticket = begun instanceof Promise ? await begun : begun;
      metrics.filtered('priorityandfairness', clock.monotonicMs() - beganMs);
      response = ticket?.retryAfter === undefined ? await serve(context, { ticket, timeoutMs, startMs }) : tooManyRequests(context, ticket.retryAfter);
    } catch (error) {
      response = await failed(error, request, context);
      if (!isKnown) response = { ...response, headers: { ...response.headers, 'x-content-type-options': 'nosniff' } };
      if (!context && options.auditor && !(error instanceof UnrecordedError)) await options.auditor.refused({ request, auditId, info: requestInfoOf({ method: request.method, path: request.rawPath, query: request.query }) }, response);
    }
    const isOver = !context?.long || (response.body instanceof Uint8Array && response.events === undefined);
    if (isOver) {
      ticket?.finish();
      ticket?.forget();
      if (context?.routed) metrics.answered(context, { response, elapsedMs: clock.monotonicMs() - startMs, queuedMs: ticket?.queuedMs ?? 0 });
      if (context?.audit) {
        context.audit.took('apf-queue-wait', ticket?.queuedMs ?? 0);
        response = await context.audit.ended(response, { isLong: context.long !== undefined });
      }
    }
    const answer = withCommonHeaders(response, { auditId, warnings, flow: ticket });
    if (context) options.observe?.(context, answer);
    return answer;
  }

  /** What a request is about, before anybody knows who sends it. */
  function arrived(request: ApiRequest): { readonly info: RequestInfo; readonly timeoutMs: number } {
    const info = requestInfoOf({ method: request.method, path: decodedPath(request.rawPath), query: request.query });
    const { requestTimeoutMs } = options;
    return { info, timeoutMs: isLongRunning(info) ? requestTimeoutMs : requestTimeoutOf(request.query, requestTimeoutMs) };
  }

  async function serve(context: RequestContext, { ticket, timeoutMs, startMs }: Admitted): Promise<ApiResponse> {
    if (!isLongRunning(context.info)) {
      const late = (): void => metrics.terminated(context, 504);
      const answer = await withDeadline(run(context), { timeoutMs: timeoutMs - (ticket?.queuedMs ?? 0), clock, late });
      // Before it is compressed.
      const response = context.audit ? await context.audit.answered(answer) : answer;
      const isOurs = options.delegation.remoteFor(context.info.path) === undefined;
      return isOurs ? compressed(context.request, response) : response;
    }
    const long = new LongRequestAccount(ticket, {
      begin: () => metrics.begun(context, { startMs, nowMs: () => clock.monotonicMs() }),
      ended: () => context.audit?.complete(),
    });
    context.long = long;
    const response = await run(context);
    if (!(response.body instanceof Uint8Array) || response.events !== undefined) await context.audit?.started(response.status);
    long.answered(response, context.request.signal);
    return response;
  }

  function tooManyRequests(context: RequestContext, retryAfter: number): ApiResponse {
    metrics.terminated(context, 429);
    const response = textResponse(429, 'Too many requests, please try again later.\n', { nosniff: true });
    return { ...response, headers: { ...response.headers, 'retry-after': String(retryAfter) } };
  }

  async function authenticate(request: ApiRequest, { info, auditId, warnings }: Arrived): Promise<RequestContext | undefined> {
    const startMs = clock.monotonicMs();
    const annotations: Record<string, string> = {};
    const user = request.identity ? withAuthenticatedGroup(request.identity) : await options.authenticator.authenticate(request, { warnings, annotations });
    const elapsedMs = clock.monotonicMs() - startMs;
    metrics.authenticated(user, elapsedMs, { shown: request.headers['authorization'] !== undefined });
    if (!user) {
      await unauthorized(request, { info, auditId, annotations });
      return undefined;
    }
    if (request.certificate?.authority === 'client') metrics.certified(request.certificate.notAfterMs - clock.now());
    const begun = options.auditor?.begin({ request, info, user, auditId, annotations });
    const audit = begun instanceof Promise ? await begun : begun;
    audit?.took('authentication', elapsedMs);
    return { request, info, auditId, warnings, user, ...(audit ? { audit } : {}) };
  }

  async function unauthorized(request: ApiRequest, { info, auditId, annotations }: Pick<AuditSubject, 'info' | 'auditId' | 'annotations'>): Promise<void> {
    await options.auditor?.refused({ request, info, auditId, ...(annotations ? { annotations } : {}) }, statusResponse(UNAUTHORIZED));
  }

  /** From here on it is the request of whom it impersonates. */
  async function takeOn(context: RequestContext): Promise<void> {
    const startMs = clock.monotonicMs();
    const actor = await impersonate(context, { authorizer, impersonation });
    const elapsedMs = clock.monotonicMs() - startMs;
    metrics.filtered('constrainedimpersonation', elapsedMs);
    if (!actor) return;
    context.audit?.took('impersonation', elapsedMs);
    context.user = actor.user;
    context.audit?.impersonated(actor.user, actor.constraint);
  }

  async function run(context: RequestContext): Promise<ApiResponse> {
    const refusal = await refused(context);
    if (refusal) return refusal;
    const remote = options.delegation.remoteFor(context.info.path);
    if (remote !== undefined) return options.delegation.respond(remote, context);
    context.routed = true;
    if (context.info.isResourceRequest) return dispatchResource(options, context);
    for (const endpoint of options.paths) {
      const pending = endpoint(context);
      const response = pending instanceof Promise ? await pending : pending;
      if (response) return response;
    }
    return pathNotFound();
  }

  async function refused({ info, user, request, audit }: RequestContext): Promise<ApiResponse | undefined> {
    const attributes = attributesOfRequest({ info, user, request });
    const startMs = clock.monotonicMs();
    const pending = authorizer.authorize(attributes);
    const { decision, reason, evaluationError } = pending instanceof Promise ? await pending : pending;
    const elapsedMs = clock.monotonicMs() - startMs;
    metrics.authorized(decision === 'allow', elapsedMs);
    if (audit) {
      audit.took('authorization', elapsedMs);
      const undecided = decision !== 'allow' && evaluationError !== undefined;
      if (!undecided) audit.annotate('authorization.k8s.io/decision', decision === 'allow' ? 'allow' : 'forbid');
      audit.annotate('authorization.k8s.io/reason', undecided ? 'internal error' : reason);
    }
    if (decision === 'allow') return undefined;
    if (evaluationError !== undefined) return internalError(request, evaluationError);
    const why = forbiddenMessage(attributes) + (reason === '' ? '' : `: ${reason}`);
    const resource = info.isResourceRequest ? { group: info.apiGroup, resource: info.resource } : { group: '', resource: '' };
    const response = errorResponse(newForbidden(resource, info.name, why));
    return { ...response, headers: { ...response.headers, 'x-content-type-options': 'nosniff' } };
  }

  async function failed(error: unknown, request: ApiRequest, context: RequestContext | undefined): Promise<ApiResponse> {
    if (error instanceof UnrecordedError) return internalError(request, error.message);
    if (!(error instanceof StatusError) && !request.signal.aborted) {
      options.reportError(error, request.rawPath);
      await context?.audit?.panicked(error);
    }
    return encodedError(error, request);
  }

  async function upgrade(request: ApiRequest, socket: Duplex, head: Buffer): Promise<void> {
    let response: ApiResponse;
    let context: RequestContext | undefined;
    const startMs = clock.monotonicMs();
    const auditId = auditIdOf(request, options.random);
    try {
      const { info } = arrived(request);
      context = await authenticate(request, { info, auditId, warnings: [] });
      if (!context) response = statusResponse(UNAUTHORIZED);
      else {
        await takeOn(context);
        const refusal = await refused(context);
        const remote = refusal ? undefined : options.delegation.remoteFor(context.info.path);
        const refusedByRemote = remote === undefined ? undefined : await options.delegation.upgrade(remote, { context, socket, head });
        if (remote !== undefined && !refusedByRemote) return upgraded(context, { socket, startMs });
        if (!refusal && remote === undefined && (await options.upgrades(context, socket, head))) return upgraded(context, { socket, startMs });
        response = refusal ?? refusedByRemote ?? (await run(context));
        if (await watchOverWebSocket(context, response, socket)) return;
      }
    } catch (error) {
      response = await failed(error, request, context);
    }
    if (context?.audit) response = await context.audit.ended(response, { isLong: true });
    await answerOnSocket(socket, withCommonHeaders(response, { auditId, warnings: [] }), request.signal);
  }

  /** The socket is somebody else's now; its end is told. */
  async function upgraded(context: RequestContext, { socket, startMs }: { readonly socket: Duplex; readonly startMs: number }): Promise<void> {
    await context.audit?.started(101);
    const long = metrics.begun(context, { startMs, nowMs: () => clock.monotonicMs() });
    const ended = (): void => {
      long?.ended(101);
      context.audit?.complete();
    };
    if (socket.destroyed) ended();
    else socket.once('close', ended);
  }

  return { handle, upgrade };
}

interface Admitted {
  readonly ticket: FlowTicket | undefined;
  readonly timeoutMs: number;
  readonly startMs: number;
}

interface Arrived {
  readonly info: RequestInfo;
  readonly auditId: string;
  readonly warnings: string[];
}

function internalError({ rawPath }: ApiRequest, why: string): ApiResponse {
  return textResponse(500, `Internal Server Error: ${JSON.stringify(rawPath)}: ${why}\n`, { nosniff: true });
}

/** The Status in the media type the client reads; indented JSON when it asks for something that a Status cannot be. */
function encodedError(error: unknown, request: ApiRequest): ApiResponse {
  const plain = errorResponse(error);
  const status = statusOf(error);
  try {
    const media = mediaOf(request, { transforms: false, routed: false });
    return typeof media === 'string' ? plain : { ...plain, headers: { ...plain.headers, 'content-type': media.contentType }, body: encode(status, media) };
  } catch {
    return { ...plain, body: indentedJsonResponse(status).body };
  }
}

function auditIdOf(request: ApiRequest, random: Random): string {
  const given = request.headers['audit-id'];
  return given && given.length <= 64 ? given : random.uuid();
}

function decodedPath(rawPath: string): string {
  if (!rawPath.includes('%')) return rawPath;
  try {
    return decodeURIComponent(rawPath);
  } catch {
    throw newBadRequest(`invalid URL escape in ${JSON.stringify(rawPath)}`);
  }
}

/** Long-running requests are not, but watches: for their beginning. */
function isFlowControlled(info: RequestInfo): boolean {
  return info.verb === 'watch' || !isLongRunning(info);
}

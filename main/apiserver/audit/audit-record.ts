import { isIP } from 'node:net';
import { formatMicroTime } from '../../../kube/apimachinery/time.ts';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { Status } from '../../../kube/apimachinery/status.ts';
import type { User } from '../authentication/user.ts';
import type { ApiRequest, ApiResponse } from '../endpoints/request.ts';
import type { RequestInfo } from '../filters/request-info.ts';
import type { AuditDecision, AuditStage } from './audit-policy.ts';
import { RequestLatency, type LatencyLayer } from './request-latency.ts';
import { responseJson, withoutManagedFields } from './response-json.ts';

export interface AuditSubject {
  readonly request: ApiRequest;
  readonly info: RequestInfo;
  /** Absent where nobody was recognised. */
  readonly user?: User;
  readonly auditId: string;
  /** What is known before the record begins: about the credential. */
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface AuditRecordOptions {
  readonly decision: AuditDecision;
  readonly clock: Clock;
  readonly receivedMs: number;
  /** Takes one event, a line of JSON without its end. A promise where the request has to wait: false when it must not go on. */
  readonly write: (line: string) => Promise<boolean> | undefined;
}

const MAX_USER_AGENT = 1024;
/** JSON, with null where Go has none. */
type Json = Readonly<Record<string, unknown>>;

/** What is written down of one request, stage by stage (audit.k8s.io/v1 Event, member by member in upstream's order). */
export class AuditRecord {
  readonly #subject: AuditSubject;
  readonly #options: AuditRecordOptions;
  readonly #annotations = new Map<string, string>();
  readonly #objectRef: Record<string, string> | undefined;
  #impersonated: { readonly impersonatedUser: Json; readonly authenticationMetadata?: Json } | undefined;
  #requestObject: string | undefined;
  #responseObject: string | undefined;
  #responseStatus: Json | undefined;
  #complete = false;
  /** Watches have none: their time says nothing. */
  readonly #latency: RequestLatency | undefined;

  constructor(subject: AuditSubject, options: AuditRecordOptions) {
    this.#subject = subject;
    this.#options = options;
    for (const [key, value] of Object.entries(subject.annotations ?? {})) this.annotate(key, value);
    const { isResourceRequest, resource, namespace, name, apiGroup, apiVersion, subresource } = subject.info;
    this.#latency = subject.info.verb === 'watch' ? undefined : new RequestLatency();
    this.#objectRef = isResourceRequest ? { resource, namespace, name, uid: '', apiGroup, apiVersion, resourceVersion: '', subresource } : undefined;
  }

  received(): Promise<boolean> | undefined {
    return this.#emit('RequestReceived');
  }

  /** How long a part of the request took. */
  took(layer: LatencyLayer, elapsedMs: number): void {
    this.#latency?.took(layer, elapsedMs);
  }

  /** The constraint is the narrow verb that allowed it, absent for `impersonate` itself. */
  impersonated(user: User, constraint: string | undefined): void {
    this.#impersonated = { impersonatedUser: userInfo(user), ...(constraint === undefined ? {} : { authenticationMetadata: { impersonationConstraint: constraint } }) };
  }

  /** The first value of a key stays. With a level, it is for events that keep as much. */
  annotate(key: string, value: string, level?: 'Request'): void {
    if (level === 'Request' && !this.#keepsRequest) return;
    if (!this.#annotations.has(key)) this.#annotations.set(key, value);
  }

  /** The object that was sent, with its defaults; later calls know it better. `ordered`: with its members in Go's order, once they are wanted. */
  requestObject<O extends object>(object: O, ordered: (object: O) => object = (given) => given): void {
    const ref = this.#objectRef;
    const { metadata } = object as { readonly metadata?: Readonly<Record<string, unknown>> };
    if (ref) for (const key of ['namespace', 'name', 'uid', 'resourceVersion']) ref[key] ||= typeof metadata?.[key] === 'string' ? (metadata[key] as string) : '';
    if (!this.#keepsRequest) return;
    const whole = ordered(object);
    this.#requestObject = JSON.stringify(this.#options.decision.omitManagedFields ? withoutManagedFields(whole) : whole);
  }

  /** A patch is no object: it is kept as it came, when it is JSON. */
  requestPatch(text: string): void {
    if (!this.#keepsRequest) return;
    try {
      this.#requestObject = JSON.stringify(JSON.parse(text));
    } catch {
      this.#requestObject = JSON.stringify(text);
    }
  }

  /** Notes an answer before it is compressed; gives back one whose body can still be read. */
  async answered(response: ApiResponse): Promise<ApiResponse> {
    if (this.#responseStatus) return response;
    // Of what is done to an object rather than made, the answer may be a Status.
    const { verb, subresource } = this.#subject.info;
    const wanted = this.#options.decision.level === 'RequestResponse' || response.status >= 300 || verb === 'delete' || (verb === 'create' && subresource !== '');
    const { json, value, response: readable } = wanted ? await responseJson(response) : { json: undefined, value: undefined, response };
    this.#responseStatus = statusOf(response.status, value);
    if (this.#options.decision.level === 'RequestResponse' && value?.['kind'] !== undefined) {
      this.#responseObject = this.#options.decision.omitManagedFields ? JSON.stringify(withoutManagedFields(value)) : json;
    }
    return readable;
  }

  /** A long request has begun to be answered. */
  started(code: number): Promise<boolean> | undefined {
    this.#responseStatus ??= { metadata: {}, code };
    return this.#emit('ResponseStarted');
  }

  /** A request that is over with its answer. */
  async ended(response: ApiResponse, { isLong }: { readonly isLong: boolean }): Promise<ApiResponse> {
    if (this.#complete) return response;
    const readable = await this.answered(response);
    if (isLong) await this.#emit('ResponseStarted');
    await this.complete();
    return readable;
  }

  /** The end. More than once does no harm. */
  complete(): Promise<boolean> | undefined {
    if (this.#complete) return undefined;
    this.#complete = true;
    this.#responseStatus ??= { metadata: {}, status: 'Success', message: 'Connection closed early', code: 200 };
    const { clock, receivedMs } = this.#options;
    for (const [key, value] of Object.entries(this.#latency?.annotations(clock.now() - receivedMs) ?? {})) this.annotate(key, value);
    return this.#emit('ResponseComplete');
  }

  /** The end of a request that the server failed at: an error that nobody had thought of, Go's panic. */
  panicked(error: unknown): Promise<boolean> | undefined {
    if (this.#complete) return undefined;
    this.#complete = true;
    const message = `APIServer panic'd: ${error instanceof Error ? error.message : String(error)}`;
    this.#responseStatus = { metadata: {}, status: 'Failure', message, reason: 'InternalError', code: 500 };
    return this.#emit('Panic');
  }

  get #keepsRequest(): boolean {
    const { level } = this.#options.decision;
    return level === 'Request' || level === 'RequestResponse';
  }

  #emit(stage: AuditStage): Promise<boolean> | undefined {
    const { decision, clock, receivedMs, write } = this.#options;
    if (decision.omitStages.includes(stage)) return undefined;
    const { request, info, user, auditId } = this.#subject;
    const agent = request.headers['user-agent'] ?? '';
    const annotations = [...this.#annotations].sort(([a], [b]) => (a < b ? -1 : 1));
    const head = {
      kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: decision.level, auditID: auditId, stage, requestURI: request.rawQuery === '' ? request.rawPath : `${request.rawPath}?${request.rawQuery}`,
      verb: info.verb, user: userInfo(user), ...this.#impersonated,
      sourceIPs: sourceAddresses(request), ...(agent === '' ? {} : { userAgent: agent.length > MAX_USER_AGENT ? `${agent.slice(0, MAX_USER_AGENT)}...TRUNCATED` : agent }),
      ...(this.#objectRef ? { objectRef: filled(this.#objectRef) } : {}), ...(this.#responseStatus ? { responseStatus: this.#responseStatus } : {}),
    };
    const objects = `${this.#requestObject === undefined ? '' : `,"requestObject":${this.#requestObject}`}${this.#responseObject === undefined ? '' : `,"responseObject":${this.#responseObject}`}`;
    const tail = {
      requestReceivedTimestamp: formatMicroTime(receivedMs), stageTimestamp: formatMicroTime(stage === 'RequestReceived' ? receivedMs : clock.now()),
      ...(annotations.length > 0 ? { annotations: Object.fromEntries(annotations) } : {}),
    };
    return write(`${JSON.stringify(head).slice(0, -1)}${objects},${JSON.stringify(tail).slice(1)}`);
  }
}

function statusOf(code: number, value: Json | undefined): Json {
  if (value?.['kind'] !== 'Status') return { metadata: {}, code };
  const { status, message, reason, details } = value as unknown as Status;
  return { metadata: {}, ...(status ? { status } : {}), ...(message ? { message } : {}), ...(reason ? { reason } : {}), ...(details ? { details } : {}), code };
}

function userInfo(user: User | undefined): Json {
  if (!user) return {};
  const { name, uid, groups, extra } = user;
  return { username: name, ...(uid ? { uid } : {}), ...(groups.length > 0 ? { groups } : {}), ...(extra && Object.keys(extra).length > 0 ? { extra } : {}) };
}

function filled(ref: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(ref).filter(([, value]) => value !== ''));
}

/** Who claims to be behind the proxies, and who is at the other end of the connection. In-process: this computer. */
function sourceAddresses({ headers, remoteAddress = '127.0.0.1' }: ApiRequest): readonly string[] {
  const claimed = (headers['x-forwarded-for'] ?? '').split(',').map((one) => one.trim()).filter((one) => isIP(one) !== 0);
  const real = headers['x-real-ip'];
  const all = [...claimed, ...(real && !claimed.includes(real) && isIP(real) !== 0 ? [real] : [])];
  const peer = remoteAddress.replace(/^::ffff:/, '');
  return all.at(-1) === peer ? all : [...all, peer];
}

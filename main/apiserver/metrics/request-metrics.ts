import type { Counter, Gauge, Histogram } from '../../../kube/apimachinery/metrics/metric-values.ts';
import type { MetricVector } from '../../../kube/apimachinery/metrics/metric-family.ts';
import { exponentialBounds, type MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import type { User } from '../authentication/user.ts';
import type { ApiResponse, RequestContext } from '../endpoints/request.ts';
import type { RequestInfo } from '../filters/request-info.ts';
import { requestLabels, type RequestLabels } from './request-labels.ts';

const DURATION_BOUNDS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
const SLI_BOUNDS = DURATION_BOUNDS.slice(2);
const AUTH_BOUNDS = exponentialBounds(0.001, 2, 15);
const WATCH_LIST_BOUNDS = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 15, 20, 30, 45, 60];
/** From 50 KB on in steps of 100 KB, up to the largest body that is read. */
const BODY_BOUNDS = Array.from({ length: 31 }, (_, index) => 50_000 + 100_000 * index);
const WATCH_EVENT_BOUNDS = exponentialBounds(1024, 2, 8);
const FILTER_BOUNDS = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 5, 10, 15, 30];
const NO_WEBHOOKS = { mutatingMs: 0, validatingMs: 0 };
/** Who the server itself is when it asks itself. */
const OWN_USER = 'system:apiserver';
const HOUR = 3600;
const DAY = 24 * HOUR;
const CERTIFICATE_BOUNDS = [0, HOUR / 2, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 4 * DAY, 7 * DAY, 30 * DAY, 90 * DAY, 180 * DAY, 360 * DAY];
const BY_RESOURCE = ['group', 'version', 'resource'] as const;
const BY_REQUEST = ['verb', ...BY_RESOURCE, 'subresource', 'scope', 'component'] as const;

/** What all requests of one kind share, looked up once in each of them. */
interface RouteMetrics {
  readonly labels: RequestLabels;
  readonly byCode: Map<number, Counter>;
  readonly duration: Histogram;
  readonly sli: Histogram | undefined;
  readonly sizes: Histogram | undefined;
  bodies?: Histogram;
  own?: Counter;
}

/** What a request passes before its endpoint. */
export type RequestFilter = 'authentication' | 'audit' | 'constrainedimpersonation' | 'priorityandfairness' | 'authorization';

/** A long request while it lasts. */
export interface LongRequest {
  sent(events: number, sizeBytes?: number): void;
  /** The state has been sent that a watch asked for. */
  listed(): void;
  ended(code: number): void;
}

export interface Answered {
  readonly response: ApiResponse;
  readonly elapsedMs: number;
  /** Of it, in queues. */
  readonly queuedMs: number;
}

/** Counts requests under upstream's names (endpoints/metrics/metrics.go, endpoints/filters/metrics.go). */
export class RequestMetrics {
  readonly #isServed: (info: RequestInfo) => boolean;
  readonly #routes = new Map<string, RouteMetrics>();
  readonly #requests: MetricVector<Counter>;
  readonly #durations: MetricVector<Histogram>;
  readonly #slis: MetricVector<Histogram>;
  readonly #sizes: MetricVector<Histogram>;
  readonly #longRunning: MetricVector<Gauge>;
  readonly #terminations: MetricVector<Counter>;
  readonly #watchEvents: MetricVector<Counter>;
  readonly #watchSizes: MetricVector<Histogram>;
  readonly #own: MetricVector<Counter>;
  readonly #filters: Readonly<Record<RequestFilter, Histogram>>;
  readonly #watchLists: MetricVector<Histogram>;
  readonly #bodies: MetricVector<Histogram>;
  readonly #deprecated: MetricVector<Gauge>;
  readonly #attempts: Readonly<Record<AuthenticationResult, Counter>>;
  readonly #attemptDurations: Readonly<Record<AuthenticationResult, Histogram>>;
  readonly #decisions: { readonly allowed: Counter; readonly denied: Counter };
  readonly #users: MetricVector<Counter>;
  readonly #decisionDurations: { readonly allowed: Histogram; readonly denied: Histogram };
  readonly #certificates: Histogram;
  readonly #impersonations: Readonly<Record<'total' | 'asked', MetricVector<Counter>> & Record<'durations' | 'askedDurations', MetricVector<Histogram>>>;

  /** Only what is served gets a name of its own: nobody fills the memory with invented ones. */
  constructor(registry: MetricsRegistry, isServed: (info: RequestInfo) => boolean) {
    this.#isServed = isServed;
    this.#requests = registry.counter({ name: 'apiserver_request_total', stability: 'STABLE', help: 'Requests by what was asked and how it was answered.', labels: ['verb', 'dry_run', ...BY_REQUEST.slice(1), 'code'] });
    this.#durations = registry.histogram({ name: 'apiserver_request_duration_seconds', stability: 'STABLE', help: 'Time from the arrival of a request to its answer.', labels: ['verb', 'dry_run', ...BY_REQUEST.slice(1)], bounds: DURATION_BOUNDS });
    this.#slis = registry.histogram({ name: 'apiserver_request_sli_duration_seconds', stability: 'ALPHA', help: 'The same without the time in queues.', labels: BY_REQUEST, bounds: SLI_BOUNDS });
    this.#sizes = registry.histogram({ name: 'apiserver_response_sizes', stability: 'STABLE', help: 'Bytes of answers to reads.', labels: BY_REQUEST, bounds: exponentialBounds(1000, 10, 7) });
    this.#longRunning = registry.gauge({ name: 'apiserver_longrunning_requests', stability: 'STABLE', help: 'Watches and streams that are open.', labels: BY_REQUEST });
    this.#terminations = registry.counter({ name: 'apiserver_request_terminations_total', stability: 'ALPHA', help: 'Requests that the server ended in self-defence.', labels: [...BY_REQUEST, 'code'] });
    this.#watchEvents = registry.counter({ name: 'apiserver_watch_events_total', stability: 'ALPHA', help: 'Events sent to watches.', labels: BY_RESOURCE });
    this.#watchSizes = registry.histogram({ name: 'apiserver_watch_events_sizes', stability: 'ALPHA', help: 'Bytes of events sent to watches; of those sent together, each counts with their mean.', labels: BY_RESOURCE, bounds: WATCH_EVENT_BOUNDS });
    this.#own = registry.counter({ name: 'apiserver_selfrequest_total', stability: 'ALPHA', help: 'Requests of the server to itself.', labels: ['verb', 'group', 'resource', 'subresource'] });
    const filters = registry.histogram({ name: 'apiserver_request_filter_duration_seconds', stability: 'ALPHA', help: 'Time that requests spent before their endpoint, by what they passed.', labels: ['filter'], bounds: FILTER_BOUNDS });
    this.#filters = {
      authentication: filters.with('authentication'), audit: filters.with('audit'), constrainedimpersonation: filters.with('constrainedimpersonation'),
      priorityandfairness: filters.with('priorityandfairness'), authorization: filters.with('authorization'),
    };
    this.#watchLists = registry.histogram({ name: 'apiserver_watch_list_duration_seconds', stability: 'BETA', help: 'Time until a watch that asked for the state had been sent it.', labels: [...BY_RESOURCE, 'scope'], bounds: WATCH_LIST_BOUNDS });
    this.#bodies = registry.histogram({ name: 'apiserver_request_body_size_bytes', stability: 'ALPHA', help: 'Bytes of the bodies of writes.', labels: ['resource', 'group', 'verb'], bounds: BODY_BOUNDS });
    this.#deprecated = registry.gauge({ name: 'apiserver_requested_deprecated_apis', stability: 'STABLE', help: 'Deprecated APIs that somebody has asked for.', labels: [...BY_RESOURCE, 'subresource', 'removed_release'] });
    const attempts = registry.counter({ name: 'authentication_attempts', stability: 'ALPHA', help: 'Requests by whether their sender was recognised.', labels: ['result'] });
    this.#attempts = { success: attempts.with('success'), failure: attempts.with('failure'), error: attempts.with('error') };
    const attemptDurations = registry.histogram({ name: 'authentication_duration_seconds', stability: 'ALPHA', help: 'Time that it took to recognise a sender.', labels: ['result'], bounds: AUTH_BOUNDS });
    this.#attemptDurations = { success: attemptDurations.with('success'), failure: attemptDurations.with('failure'), error: attemptDurations.with('error') };
    const decisions = registry.counter({ name: 'authorization_attempts_total', stability: 'ALPHA', help: 'Requests by whether they were allowed.', labels: ['result'] });
    this.#decisions = { allowed: decisions.with('allowed'), denied: decisions.with('no-opinion') };
    const decisionDurations = registry.histogram({ name: 'authorization_duration_seconds', stability: 'ALPHA', help: 'Time that it took to decide whether a request is allowed.', labels: ['result'], bounds: AUTH_BOUNDS });
    this.#decisionDurations = { allowed: decisionDurations.with('allowed'), denied: decisionDurations.with('no-opinion') };
    this.#certificates = registry.histogram({ name: 'apiserver_client_certificate_expiration_seconds', stability: 'ALPHA', help: 'How long the certificates of clients will be good, by request.', bounds: CERTIFICATE_BOUNDS }).with();
    const impersonations = { stability: 'ALPHA', labels: ['mode', 'decision'] } as const;
    this.#impersonations = {
      total: registry.counter({ ...impersonations, name: 'apiserver_impersonation_attempts_total', help: 'Requests in the name of another user.' }),
      durations: registry.histogram({ ...impersonations, name: 'apiserver_impersonation_attempts_duration_seconds', help: 'Time that it took to decide about another name.', bounds: AUTH_BOUNDS }),
      asked: registry.counter({ ...impersonations, name: 'apiserver_impersonation_authorization_attempts_total', help: 'Questions to the authorizer about another name.' }),
      askedDurations: registry.histogram({ ...impersonations, name: 'apiserver_impersonation_authorization_attempts_duration_seconds', help: 'Time that the authorizer took for them.', bounds: AUTH_BOUNDS }),
    };
    this.#users = registry.counter({ name: 'authenticated_user_requests', stability: 'ALPHA', help: 'Recognised requests by kind of user.', labels: ['username'] });
  }

  /** `shown`: there was a credential, though a bad one. */
  authenticated(user: User | undefined, elapsedMs: number, { shown }: { readonly shown: boolean }): void {
    const result = user ? 'success' : shown ? 'error' : 'failure';
    this.filtered('authentication', elapsedMs);
    this.#attempts[result].inc();
    this.#attemptDurations[result].observe(elapsedMs / 1000);
    if (user) this.#users.with(userKind(user.name)).inc();
  }

  filtered(filter: RequestFilter, elapsedMs: number): void {
    this.#filters[filter].observe(elapsedMs / 1000);
  }

  /** The mode is empty where none allows it. */
  impersonated(mode: string, elapsedMs: number): void {
    const decision = mode === '' ? 'denied' : 'allowed';
    this.#impersonations.total.with(mode, decision).inc();
    this.#impersonations.durations.with(mode, decision).observe(elapsedMs / 1000);
  }

  /** The authorizer was asked about a part of it. */
  askedToImpersonate(mode: string, { isAllowed, elapsedMs }: { readonly isAllowed: boolean; readonly elapsedMs: number }): void {
    const decision = isAllowed ? 'allowed' : 'denied';
    this.#impersonations.asked.with(mode, decision).inc();
    this.#impersonations.askedDurations.with(mode, decision).observe(elapsedMs / 1000);
  }

  /** A client was recognised by its certificate. */
  certified(remainingMs: number): void {
    this.#certificates.observe(remainingMs / 1000);
  }

  authorized(allowed: boolean, elapsedMs: number): void {
    const result = allowed ? 'allowed' : 'denied';
    this.filtered('authorization', elapsedMs);
    this.#decisions[result].inc();
    this.#decisionDurations[result].observe(elapsedMs / 1000);
  }

  /** An answer of the endpoint itself. Watches are counted when they end. */
  answered(context: RequestContext, { response, elapsedMs, queuedMs }: Answered): void {
    const route = this.#routeOf(context);
    if (!route) return;
    const { status, body } = response;
    const { mutatingMs, validatingMs } = context.webhooks ?? NO_WEBHOOKS;
    this.#codeOf(route, status).inc();
    this.#noted(context, route);
    route.duration.observe(elapsedMs / 1000);
    route.sli?.observe((elapsedMs - queuedMs - mutatingMs - validatingMs) / 1000);
    if (route.sizes && body instanceof Uint8Array) route.sizes.observe(body.length);
    if (context.bodyBytes !== undefined) (route.bodies ??= this.#bodies.with(context.info.resource, context.info.apiGroup, context.info.verb.replace('deletecollection', 'delete_collection'))).observe(context.bodyBytes);
  }

  /** Refused by flow control (429), or not done in time (504). */
  terminated(context: RequestContext, code: number): void {
    const route = this.#routeOf(context);
    if (!route) return;
    const { verb, group, version, resource, subresource, scope, component } = route.labels;
    this.#terminations.with(verb, group, version, resource, subresource, scope, component, String(code)).inc();
    if (code === 429) this.#codeOf(route, code).inc();
  }

  /** A watch or stream that has begun; `nowMs` is asked at its end. */
  begun(context: RequestContext, times: { readonly startMs: number; readonly nowMs: () => number }): LongRequest | undefined {
    const route = this.#routeOf(context);
    if (!route) return undefined;
    const { verb, group, version, resource, subresource, scope, component } = route.labels;
    const open = this.#longRunning.with(verb, group, version, resource, subresource, scope, component);
    const isWatch = verb === 'WATCH';
    const events = isWatch ? this.#watchEvents.with(group, version, resource) : undefined;
    const sizes = isWatch ? this.#watchSizes.with(group, version, resource) : undefined;
    let sentBytes = 0;
    open.add(1);
    this.#noted(context, route);
    let over = false;
    const elapsedSeconds = (): number => (times.nowMs() - times.startMs) / 1000;
    return {
      sent(count, sizeBytes) {
        events?.inc(count);
        if (sizeBytes === undefined || count === 0) return;
        sentBytes += sizeBytes;
        sizes?.observe(sizeBytes / count, count);
      },
      listed: () => this.#watchLists.with(group, version, resource, scope).observe(elapsedSeconds()),
      ended: (code) => {
        if (over) return;
        over = true;
        open.add(-1);
        this.#codeOf(route, code).inc();
        const seconds = elapsedSeconds();
        route.duration.observe(seconds);
        if (isWatch) route.sizes?.observe(sentBytes);
        else route.sli?.observe(seconds);
      },
    };
  }

  /** Whether it asked for something deprecated, and whether the server asked itself. */
  #noted({ info, user, deprecated }: RequestContext, route: RouteMetrics): void {
    if (deprecated) this.#deprecated.with(info.apiGroup, info.apiVersion, info.resource, info.subresource, '').set(1);
    if (user.name !== OWN_USER) return;
    const { verb, group, resource, subresource } = route.labels;
    (route.own ??= this.#own.with(verb, group, resource, subresource)).inc();
  }

  #codeOf(route: RouteMetrics, code: number): Counter {
    let counter = route.byCode.get(code);
    if (!counter) {
      const { verb, dryRun, group, version, resource, subresource, scope, component } = route.labels;
      route.byCode.set(code, (counter = this.#requests.with(verb, dryRun, group, version, resource, subresource, scope, component, String(code))));
    }
    return counter;
  }

  #routeOf(context: RequestContext): RouteMetrics | undefined {
    const labels = requestLabels(context);
    if (!labels) return undefined;
    const { verb, dryRun, group, version, resource, subresource, scope, component } = labels;
    const key = `${verb} ${dryRun} ${group} ${version} ${resource} ${subresource} ${scope} ${component}`;
    const known = this.#routes.get(key);
    if (known) return known;
    if (context.info.isResourceRequest && !this.#isServed(context.info)) return undefined;
    const values = [verb, group, version, resource, subresource, scope, component];
    const route: RouteMetrics = {
      labels, byCode: new Map(), duration: this.#durations.with(verb, dryRun, ...values.slice(1)),
      sli: dryRun === '' && verb !== 'WATCH' ? this.#slis.with(...values) : undefined, sizes: verb === 'GET' || verb === 'LIST' || verb === 'WATCH' ? this.#sizes.with(...values) : undefined,
    };
    this.#routes.set(key, route);
    return route;
  }
}

type AuthenticationResult = 'success' | 'failure' | 'error';

const NAMED_USERS = new Set(['admin', 'client', 'kube_proxy', 'kubelet', 'system:serviceaccount:kube-system:default']);

/** Names of users are not for metrics. */
function userKind(name: string): string {
  if (NAMED_USERS.has(name)) return name;
  return name.includes('@') ? 'email_id' : 'other';
}

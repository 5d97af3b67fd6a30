import type { Duplex } from 'node:stream';
import { apiservices, type APIService } from '../../../kube/api/generated/apiregistration/v1.ts';
import type { CustomResourceDefinition } from '../../../kube/api/generated/apiextensions/v1.ts';
import { servedGroupVersions, type GroupVersionInfo } from '../../../kube/api/inventory.ts';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { isConflict, isNotFound } from '../../../kube/apimachinery/status.ts';
import { formatTime } from '../../../kube/apimachinery/time.ts';
import { deepEqual } from '../../../kube/apimachinery/json.ts';
import { RestClient } from '../../../kube/client/rest-client.ts';
import type { Transport } from '../../../kube/client/transport.ts';
import type { RemoteGroupVersion } from '../discovery/documents.ts';
import type { ApiResponse, RequestContext } from '../endpoints/request.ts';
import type { ObjectMirror } from '../registry/object-mirror.ts';
import { remoteOf, withCondition, type RemoteApiService } from './api-service-list.ts';
import { AutoRegistration } from './auto-registration.ts';
import { AvailabilityMetrics } from './availability-metrics.ts';
import { checkAvailability, concernedBy, localCondition } from './availability.ts';
import { discoveryOrder } from './discovery-order.ts';
import { KeyLoop } from './key-loop.ts';
import { RemoteDiscovery } from './remote-discovery.ts';
import { RemoteOpenApi } from './remote-open-api.ts';
import { remoteRequest, remoteUpgrade } from './remote-request.ts';
import type { ServiceConnectionOptions } from './service-connection.ts';

export interface AggregatorOptions extends ServiceConnectionOptions {
  readonly mirror: ObjectMirror;
  readonly clock: Clock;
  readonly reportError: (error: unknown, path: string) => void;
  readonly metrics: MetricsRegistry;
}

const SERVICE_LABEL = 'kubernetes.io/service-name';
const OPEN_API_V3 = '/openapi/v3/';
const RECHECK_MS = 30_000;
const AVAILABILITY_BACKOFF = { baseMs: 5, maxMs: RECHECK_MS };
const WORKERS = 5;

/**
 * APIServices (upstream: kube-aggregator): requests for the group versions that they delegate go to their Services, discovery and
 * OpenAPI tell of all, and the `Available` condition says which can be reached. Services and endpoints are followed only once some
 * APIService names a Service.
 */
export class Aggregator implements AsyncDisposable {
  readonly #options: AggregatorOptions;
  readonly #stack = new AsyncDisposableStack();
  readonly #stop = new AbortController();
  readonly #services = new Map<string, APIService>();
  readonly #remotes = new Map<string, RemoteApiService>();
  readonly #availability: KeyLoop;
  readonly #discovery: RemoteDiscovery;
  readonly #openApi: RemoteOpenApi;
  readonly #metrics: AvailabilityMetrics;
  #client: RestClient | undefined;
  #registration: AutoRegistration | undefined;
  #isFollowingServices = false;

  constructor(options: AggregatorOptions) {
    this.#options = options;
    const { clock, metrics } = options;
    this.#metrics = new AvailabilityMetrics(metrics, () => this.#services.values());
    const shared = { ...options, find: (name: string) => this.#reachable(name), all: () => [...this.#remotes.values()] };
    this.#discovery = this.#stack.use(new RemoteDiscovery(shared));
    this.#openApi = this.#stack.use(new RemoteOpenApi(shared));
    this.#availability = this.#stack.use(new KeyLoop({ clock, workers: WORKERS, backoff: AVAILABILITY_BACKOFF, reconcile: (name, signal) => this.#check(name, signal) }));
  }

  /** Learns the APIServices of the start and registers the server's own, as whoever `transport` is. */
  async start(transport: Transport): Promise<void> {
    const { mirror, clock, reportError } = this.#options;
    const client = (this.#client = new RestClient({ transport, userAgent: 'kube-apiserver', acceptObjects: true, clock }));
    const find = (name: string): APIService | undefined => this.#services.get(name);
    const registration = (this.#registration = this.#stack.use(new AutoRegistration({ client, clock, find, reportError }, servedGroupVersions())));
    await Promise.all([
      mirror.observe(apiservices, { clear: () => this.#clear(), set: (object) => this.#set(object as APIService), remove: ({ metadata }) => this.#remove(metadata.name) }),
      mirror.observe({ group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' }, {
        clear: () => registration.clearDefinitions(),
        set: (object) => registration.setDefinition(object as CustomResourceDefinition), remove: ({ metadata }) => registration.removeDefinition(metadata.name),
      }),
    ]);
    await registration.start([...this.#services.values()]);
  }

  /** The APIService that takes the requests below `/apis/GROUP/VERSION`, unless this server answers them itself. */
  remoteFor(path: string): RemoteApiService | undefined {
    if (this.#remotes.size === 0) return undefined;
    const [, root, group, version] = path.split('/');
    if (root === 'api') return this.#remotes.get('v1.');
    return root === 'apis' && group && version ? this.#remotes.get(`${version}.${group}`) : undefined;
  }

  respond(remote: RemoteApiService, context: RequestContext): Promise<ApiResponse> {
    return remoteRequest(this.#options, remote, context);
  }

  upgrade(remote: RemoteApiService, connection: { readonly context: RequestContext; readonly socket: Duplex; readonly head: Buffer }): Promise<ApiResponse | undefined> {
    return remoteUpgrade(this.#options, remote, connection);
  }

  /** What this server serves itself and what others serve, in discovery's order. */
  groupVersions(local: readonly GroupVersionInfo[], form: 'plain' | 'aggregated'): readonly GroupVersionInfo[] {
    const remote = [...this.#remotes.values()].map(({ name, group, version }): RemoteGroupVersion => ({ group, version, resources: [], discovered: this.#discovery.versionOf(name) }));
    return discoveryOrder({ local, remote, find: (name) => this.#services.get(name) }, form);
  }

  get openApi(): RemoteOpenApi {
    return this.#openApi;
  }

  /** A document of OpenAPI 3 that an extension server holds; undefined for any other path. */
  openApiDocument(context: RequestContext): Promise<ApiResponse> | undefined {
    if (this.#remotes.size === 0 || !context.info.path.startsWith(OPEN_API_V3)) return undefined;
    const remote = this.#remotes.get(this.#openApi.holderOf(context.info.path.slice(OPEN_API_V3.length)) ?? '');
    return remote && this.respond(remote, context);
  }

  /** For what the server asks on its own behalf: whether it is available is then seen. */
  #reachable(name: string): RemoteApiService | undefined {
    const remote = this.#remotes.get(name);
    return remote && { ...remote, isAvailable: true };
  }

  #set(service: APIService): void {
    const { name } = service.metadata;
    const known = this.#services.get(name);
    this.#services.set(name, service);
    this.#metrics.changed(known, service);
    const remote = remoteOf(service);
    if (remote) this.#remotes.set(name, remote);
    else this.#remotes.delete(name);
    if (remote) this.#followServices();
    this.#registration?.changed(name);
    this.#availability.add(name);
    if (deepEqual(known?.spec, service.spec) && known?.status === service.status) return;
    if (remote || known?.spec.service) this.#changed(name);
  }

  #remove(name: string): void {
    const known = this.#services.get(name);
    this.#services.delete(name);
    this.#remotes.delete(name);
    this.#registration?.changed(name);
    if (known?.spec.service) this.#changed(name);
  }

  #clear(): void {
    for (const name of this.#services.keys()) this.#remove(name);
  }

  #changed(name: string): void {
    this.#discovery.changed(name);
    this.#openApi.changed(name);
  }

  #followServices(): void {
    if (this.#isFollowingServices) return;
    this.#isFollowingServices = true;
    const { mirror, reportError } = this.#options;
    const concern = (namespace: string | undefined, name: string | undefined): void => {
      for (const key of concernedBy(this.#services.values(), { namespace, name })) this.#availability.add(key);
    };
    const follow = (resource: { readonly group: string; readonly resource: string }, nameOf: (object: KubernetesObject) => string | undefined): void => {
      const told = (object: KubernetesObject): void => concern(object.metadata.namespace, nameOf(object));
      mirror.observe(resource, { clear() {}, set: told, remove: told }).catch((error: unknown) => reportError(error, resource.resource));
    };
    follow({ group: '', resource: 'services' }, ({ metadata }) => metadata.name);
    follow({ group: 'discovery.k8s.io', resource: 'endpointslices' }, ({ metadata }) => metadata.labels?.[SERVICE_LABEL]);
  }

  async #check(name: string, signal: AbortSignal): Promise<{ readonly againAfterMs?: number } | undefined> {
    const service = this.#services.get(name);
    if (!service || !this.#client) return undefined;
    const remote = this.#remotes.get(name);
    const { condition, isDiscoveryFailure } = remote ? await checkAvailability(this.#options, remote, signal) : { condition: localCondition(), isDiscoveryFailure: false };
    const before = service.status?.conditions ?? [];
    const conditions = [...withCondition(before, { ...condition, lastTransitionTime: formatTime(this.#options.clock.now()) })];
    if (!deepEqual(conditions, before)) {
      await this.#client.update(apiservices, { ...service, status: { ...service.status, conditions } }, { subresource: 'status', signal }).catch((error: unknown) => {
        // Its change or removal brings it back here.
        if (!isConflict(error) && !isNotFound(error)) throw error;
      });
    }
    if (isDiscoveryFailure) throw new Error(condition.message);
    return remote ? { againAfterMs: RECHECK_MS } : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the API server is shutting down'));
    await this.#stack.disposeAsync();
  }
}

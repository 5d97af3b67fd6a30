import type { Duplex } from 'node:stream';
import type { ExpressionWarning, ValidatingAdmissionPolicy } from '../../kube/api/generated/admissionregistration/v1.ts';
import type { ResourceQuota } from '../../kube/api/generated/core/v1.ts';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { KubernetesObject } from '../../kube/apimachinery/object-meta.ts';
import { MetricsRegistry } from '../../kube/apimachinery/metrics/metrics-registry.ts';
import type { Random } from '../../kube/apimachinery/random.ts';
import { RestClient } from '../../kube/client/rest-client.ts';
import type { Transport } from '../../kube/client/transport.ts';
import type { Store } from '../etcd/store.ts';
import type { AuditPolicy } from './audit/audit-policy.ts';
import { Auditor, type AuditSink } from './audit/auditor.ts';
import { Aggregator } from './aggregator/aggregator.ts';
import { createAuthenticator } from './authentication/authenticator.ts';
import { ClusterTrustPublisher } from './authentication/cluster-trust.ts';
import type { AuthenticationFiles } from './authentication/configured-tokens.ts';
import { LiveAuthentication } from './authentication/live-authentication.ts';
import { secretTracker } from './authentication/secret-tracker.ts';
import { serviceAccountKeyFromPem } from './authentication/service-account-keys.ts';
import type { User } from './authentication/user.ts';
import { openDynamicAdmission } from './admission/dynamic-admission.ts';
import { AdmissionMetrics } from './admission/measured.ts';
import { admissionChain } from './admission/plugins.ts';
import { PolicyTypeChecker } from './admission/type-check/policy-type-checker.ts';
import { openApiSchemas } from './admission/type-check/resolve-schema.ts';
import { allowAllAuthorizer } from './authorization/authorizer.ts';
import { type AuthorizationFiles, LiveAuthorizer } from './authorization/live-authorizer.ts';
import { createNodeAuthorizer } from './authorization/node-authorizer.ts';
import { NodeGraph } from './authorization/node-graph.ts';
import { CustomResources } from './customresources/custom-resources.ts';
import { reconcilePolicy } from './authorization/reconcile-policy.ts';
import { createRbacAuthorizer } from './authorization/rbac.ts';
import type { HealthCheck } from './endpoints/health.ts';
import { specialEndpoints } from './endpoints/special/special-endpoints.ts';
import { FlowControl } from './flow-control/flow-control.ts';
import { FlowController } from './flow-control/flow-controller.ts';
import { REQUEST_TIMEOUT_MS } from './filters/request-timeout.ts';
import { createHandler, type HandlerOptions } from './handler.ts';
import { apiServerIdentity, IdentityLease } from './identity/identity-lease.ts';
import { proxyEndpoints, proxyUpgrade, type ProxyOptions } from './proxy/proxy-endpoints.ts';
import { inProcessTransport } from './in-process-transport.ts';
import { createTablePrinter } from './negotiation/table-endpoint.ts';
import { pathEndpoints } from './path-endpoints.ts';
import { ResourceCatalog } from './registry/catalog.ts';
import { ObjectMirror } from './registry/object-mirror.ts';
import { resourceDefinitions } from './registry/resources.ts';
import { listen, type Listener, type ListenOptions, type ServerHandler } from './server.ts';
import { startObjects } from './start-objects.ts';
import { flagsOf } from './server-flags.ts';
import { CelMetrics } from './metrics/cel-metrics.ts';
import { nodeGraphTiming } from './metrics/node-graph-metrics.ts';
import { ReloadMetrics } from './metrics/reload-metrics.ts';
import { createServerMetrics } from './metrics/server-metrics.ts';
import { TokenMetrics } from './metrics/token-metrics.ts';
import { StoreRequestMetrics } from './metrics/store-request-metrics.ts';
import { checkReadable } from './storage/encryption/encryption-at-rest.ts';
import type { EncryptionConfiguration } from './storage/encryption/encryption-configuration.ts';
import { identityTransformer } from './storage/encryption/identity-transformer.ts';
import { LiveEncryption } from './storage/encryption/live-encryption.ts';
import { LeaseManager } from './storage/lease-manager.ts';
import type { ObjectStorage } from './storage/object-storage.ts';
import type { ValueTransformer } from './storage/object-storage-options.ts';
import { openObjectStorage } from './storage/store-object-storage.ts';
import { storagePrefixOf } from './storage-prefix.ts';

export interface ApiServerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly pki: ApiServerPki;
  /** `10.96.0.0/16`. */
  readonly serviceCIDR: string;
  readonly nodePortRange?: { readonly first: number; readonly last: number };
  /** Where pods find the API server: the Endpoints of Service `kubernetes`. */
  readonly advertise: { readonly address: string; readonly port: number };
  /** Opens streams into nodes, for kubelets, pods and Services. */
  readonly dialer?: NodeDialer;
  /** Of this machine, for the Lease that says which API servers there are. Default: no such Lease. */
  readonly hostname?: string;
  readonly authorization?: 'RBAC' | 'AlwaysAllow';
  /** Other authorizers than Node and RBAC, and their order. */
  readonly authorizationFiles?: AuthorizationFiles;
  readonly anonymous?: 'all' | 'paths' | 'none';
  /** token → user, for tests and tools. */
  readonly staticTokens?: Readonly<Record<string, User>>;
  readonly serviceAccountIssuer?: string;
  /** Issuers of identities, a webhook for tokens, anonymous access. */
  readonly authentication?: AuthenticationFiles;
  /** Further checks of /readyz. */
  readonly readyChecks?: readonly HealthCheck[];
  /** Requests at once that are not long-running, shared out among the priority levels (upstream: --max-requests-inflight and …-mutating-…). */
  readonly maxInFlight?: number;
  /** As upstream's --request-timeout. */
  readonly requestTimeoutMs?: number;
  /** Which resources are encrypted in the store. Absent: none. A store that cannot be read with it is refused at the start. */
  readonly encryption?: EncryptionConfiguration;
  /** What is written down of requests, and where. Absent: nothing. */
  readonly audit?: { readonly policy: AuditPolicy; readonly sinks: readonly AuditSink[] };
  /** Where its metrics go, when other components of the process add theirs: /metrics shows all. */
  readonly metrics?: MetricsRegistry;
  /** Told of every answer: audit, traces. */
  readonly observe?: HandlerOptions['observe'];
  /** Unexpected failures, which the client sees as 500. */
  readonly reportError?: (error: unknown, path: string) => void;
}

/** All PEM. */
export interface ApiServerPki {
  readonly clientCA: string;
  readonly server: { readonly certificate: string; readonly key: string };
  /** The first signs; all verify. */
  readonly serviceAccountKeys: readonly string[];
  readonly kubeletClient?: { readonly certificate: string; readonly key: string };
  readonly frontProxyCA?: string;
  readonly frontProxyClient?: { readonly certificate: string; readonly key: string };
}

export interface NodeDialer {
  /** Host and port as seen from inside the node. */
  dialNode(nodeName: string, target: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<Duplex>;
}

export interface ApiServer extends AsyncDisposable {
  /** In-process, with that identity; authorization, admission and validation apply. */
  transport(identity: User): Transport;
  listen(options: Pick<ListenOptions, 'host' | 'port'>): Promise<Listener>;
  readonly handler: ServerHandler;
  readonly catalog: ResourceCatalog;
  /** What the expressions of a policy would run into, judging by the kinds that it is about. */
  checkTypes(policy: ValidatingAdmissionPolicy): Promise<readonly ExpressionWarning[]>;
  /** Replaces the AuthenticationConfiguration (YAML). Throws, and keeps the present one, when it makes no sense. */
  reloadAuthentication(configuration: string): void;
  /** The same for the AuthorizationConfiguration: its webhooks. */
  reloadAuthorization(configuration: string): void;
  /** Replaces the encryption configuration, `text` as it was written. Rejects, and keeps the present one, when what is stored could not be read with it. */
  reloadEncryption(configuration: EncryptionConfiguration, text: string): Promise<void>;
}

const DEFAULT_ISSUER = 'https://kubernetes.default.svc';
/** As kubeadm's --requestheader-allowed-names. */
const FRONT_PROXY_NAMES = ['front-proxy-client'];
/** As upstream's --max-requests-inflight plus --max-mutating-requests-inflight. */
const MAX_IN_FLIGHT = 600;
/** What authentication, authorization and admission ask about on every request. */
const MIRRORED = [
  { group: 'rbac.authorization.k8s.io', resource: 'clusterroles' }, { group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings' },
  { group: 'rbac.authorization.k8s.io', resource: 'roles' }, { group: 'rbac.authorization.k8s.io', resource: 'rolebindings' },
  { group: '', resource: 'namespaces' }, { group: '', resource: 'serviceaccounts' }, { group: '', resource: 'limitranges' },
  { group: '', resource: 'resourcequotas' }, { group: 'scheduling.k8s.io', resource: 'priorityclasses' },
];

/** Opens storage, creates what every cluster has, and serves. Resolves when requests can be answered. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  await using stack = new AsyncDisposableStack();
  const { store, clock, random, pki, reportError = () => {} } = options;
  const registry = options.metrics ?? new MetricsRegistry();
  const storeRequests = new StoreRequestMetrics(registry);
  const leaseObjects = registry.histogram({ name: 'etcd_lease_object_counts', stability: 'ALPHA', help: 'Objects that go away together: of each lease that no more are put on.', bounds: [10, 50, 100, 500, 1000, 2500, 5000] }).with();
  const leases = new LeaseManager({ store, clock, ended: (objects) => leaseObjects.observe(objects) });
  const definitions = resourceDefinitions({
    serviceCIDR: options.serviceCIDR, nodePortRange: options.nodePortRange ?? { first: 30_000, last: 32_767 }, random: () => random.next(), counted: { metrics: registry, clock },
    namespaceLabels: async (name) => (await catalog.registry({ group: '', resource: 'namespaces' })?.find({ name }))?.object.metadata.labels,
  });
  const encryption = options.encryption && stack.use(await LiveEncryption.open(options.encryption, {
    store, clock, reportError, resources: definitions.map((definition) => ({ resource: definition.resource, prefix: `/registry/${storagePrefixOf(definition)}/` })),
  }));
  const transformerOf = (resource: { readonly group: string; readonly resource: string }): { transformer?: ValueTransformer } => {
    const transformer = encryption?.transformerFor(resource);
    return transformer ? { transformer } : {};
  };
  if (!encryption) await checkReadable(store, { prefix: '/registry/secrets/', transformer: identityTransformer });
  const catalog = new ResourceCatalog({
    definitions, clock, random,
    openStorage(definition, info) {
      const { resource, strategy, indexedField } = definition;
      const storage = openObjectStorage<KubernetesObject>({
        store, clock, leases, resource, apiVersion: resource.group === '' ? resource.version : `${resource.group}/${resource.version}`,
        kind: resource.kind, namespaced: info.namespaced, resourcePrefix: storagePrefixOf(definition),
        ...(strategy.selectableFields ? { selectableFields: (object) => strategy.selectableFields?.(object) ?? {} } : {}),
        ...(indexedField ? { indexedField } : {}),
        ...(definition.uncached ? { uncached: true } : {}),
        meter: storeRequests.meterOf(resource),
        ...transformerOf(resource),
      });
      stack.use(storage);
      return storage;
    },
  });
  const mirror = stack.use(new ObjectMirror({ catalog, clock }));
  await Promise.all([...MIRRORED.map((resource) => mirror.follow(resource)), ...definitions.map((definition) => restore(catalog, definition))]);
  const keys = pki.serviceAccountKeys.map(serviceAccountKeyFromPem);
  const issuer = options.serviceAccountIssuer ?? DEFAULT_ISSUER;
  const authentication = new LiveAuthentication(options.authentication ?? {}, { clock, apiAudiences: [issuer], issuers: [issuer] });
  let own: Transport | undefined;
  const authenticator = createAuthenticator({
    secrets: secretTracker(() => own), metrics: new TokenMetrics(registry),
    issuers: [issuer], apiAudiences: [issuer], keys, reader: mirror, clock, anonymous: authentication.anonymous ?? options.anonymous ?? 'paths', frontProxyNames: FRONT_PROXY_NAMES, furtherTokens: authentication,
    ...(options.staticTokens ? { staticTokens: options.staticTokens } : {}),
  });
  const liveAuthorizer = await authorizerFor(options, { mirror, metrics: registry });
  const authorizer = options.authorization === 'AlwaysAllow' ? allowAllAuthorizer : liveAuthorizer;
  const dynamic = await openDynamicAdmission({ mirror, catalog, authorizer, random, clock, metrics: registry, ...(options.dialer ? { dialer: options.dialer } : {}) });
  const admission = admissionChain({ reader: mirror, clock, random, authorizer, dynamic, quotas: () => quotaStorage(catalog), metrics: new AdmissionMetrics(registry, clock) });
  const aggregator = stack.use(new Aggregator({
    mirror, reader: mirror, clock, reportError, metrics: registry, ...(options.dialer ? { dialer: options.dialer } : {}), ...(pki.frontProxyClient ? { frontProxyClient: pki.frontProxyClient } : {}),
  }));
  const trust = stack.use(new ClusterTrustPublisher({ clientCA: pki.clientCA, allowedNames: FRONT_PROXY_NAMES, ...(pki.frontProxyCA ? { frontProxyCA: pki.frontProxyCA } : {}) }, clock));
  const flow = stack.use(new FlowControl({
    clock, totalSeats: options.maxInFlight ?? MAX_IN_FLIGHT,
    statistics: ({ apiGroup, resource }) => catalog.registry({ group: apiGroup, resource })?.storage.statistics(),
    drained: () => flowController?.refresh(),
    nextTurn: setImmediate,
  }));
  let flowController: FlowController | undefined;
  const handshakeErrors = registry.counter({ name: 'apiserver_tls_handshake_errors_total', stability: 'ALPHA', help: 'Connections that ended before TLS was agreed on.' }).with();
  const metrics = createServerMetrics({ catalog, store, flow, registry });
  const serverId = apiServerIdentity(options.hostname ?? '');
  const authenticationReloads = new ReloadMetrics({ registry, clock, subject: 'authentication', serverId });
  const encryptionReloads = new ReloadMetrics({ registry, clock, subject: 'encryption', serverId });
  const authorizationReloads = new ReloadMetrics({ registry, clock, subject: 'authorization', serverId });
  authenticationReloads.inForce(options.authentication?.configuration);
  authorizationReloads.inForce(options.authorizationFiles?.configuration);
  const lifecycle = { started: false, stopping: false };
  const shared = { ...options, kms: () => encryption?.kms ?? new Map<string, never>(), flow, metrics, lifecycle, flags: flagsOf(options), catalog, aggregator, mirror, authenticator, authorizer, admission, keys, issuer };
  const proxy: ProxyOptions = { reader: mirror, admission, ...(options.dialer ? { dialer: options.dialer } : {}), ...(pki.kubeletClient ? { kubeletClient: pki.kubeletClient } : {}) };
  const handler = createHandler({
    catalog, admission, clock, random, authenticator, authorizer, tables: createTablePrinter(clock),
    special: new Map([...specialEndpoints(shared), ...proxyEndpoints(proxy)]),
    paths: pathEndpoints(shared),
    delegation: aggregator,
    upgrades: (context, socket, head) => proxyUpgrade(proxy, context, { socket, head }),
    flow, metrics: metrics.requests,
    ...(options.audit ? { auditor: new Auditor({ ...options.audit, clock, metrics: metrics.registry }) } : {}),
    requestTimeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    ...(options.observe ? { observe: options.observe } : {}),
    reportError,
  });
  const transport = (identity: User): Transport => inProcessTransport(handler, identity);
  own = transport({ name: 'system:apiserver', groups: ['system:masters'] });
  const client = new RestClient({ transport: own, userAgent: 'kube-apiserver', clock });
  await startObjects(own, options);
  await reconcilePolicy({ catalog, client });
  flowController = stack.use(new FlowController({ flow, mirror, clock, random, client, reportError }));
  await Promise.all([flowController.start(), aggregator.start(own), trust.start(own, catalog, reportError)]);
  const customResources = stack.use(new CustomResources({
    catalog, clock, random, reportError, reader: mirror, ruleTiming: { clock, meter: new CelMetrics(registry) }, ...(options.dialer ? { dialer: options.dialer } : {}),
    openStorage: (custom) => openObjectStorage<KubernetesObject>({ store, clock, leases, meter: storeRequests.meterOf(custom.resource), ...transformerOf(custom.resource), ...custom }),
  }));
  await customResources.start();
  const { hostname, advertise } = options;
  if (hostname !== undefined) stack.use(new IdentityLease({ client, clock, random, hostname, peerAddress: `${advertise.address}:${advertise.port}`, reportError }));
  lifecycle.started = true;
  const typeChecker = new PolicyTypeChecker({ resources: () => [...catalog.all()].map(({ info }) => info), schemas: openApiSchemas(own) });
  const owned = stack.move();
  return {
    handler, catalog, transport,
    checkTypes: (policy) => typeChecker.check(policy),
    reloadAuthentication: (text) => authenticationReloads.measured(text, () => authentication.reload(text)),
    reloadAuthorization: (text) => authorizationReloads.measured(text, () => liveAuthorizer.reload(text)),
    reloadEncryption: (next, text) => encryptionReloads.measuredLater(text, async () => {
      if (!encryption) throw new Error('the server was started without encryption');
      await encryption.reload(next);
    }),
    async listen({ host, port }) {
      const { certificate, key } = pki.server;
      const listener = await listen(handler, { host, port, onHandshakeError: () => handshakeErrors.inc(), tls: { certificate, key, clientCA: pki.clientCA, ...(pki.frontProxyCA ? { frontProxyCA: pki.frontProxyCA } : {}) } });
      owned.use(listener);
      return listener;
    },
    [Symbol.asyncDispose]: () => {
      lifecycle.stopping = true;
      return owned.disposeAsync();
    },
  };
}

async function restore(catalog: ResourceCatalog, definition: ReturnType<typeof resourceDefinitions>[number]): Promise<void> {
  if (!definition.restore) return;
  const list = await catalog.registry(definition.resource)?.storage.list();
  definition.restore((list?.items ?? []).map((item) => item.object));
}

function quotaStorage(catalog: ResourceCatalog): ObjectStorage<ResourceQuota> {
  return catalog.registry({ group: '', resource: 'resourcequotas' })?.storage as unknown as ObjectStorage<ResourceQuota>;
}

async function authorizerFor({ authorizationFiles: files = { readFile: (path) => { throw new Error(`no file ${path} here`); } }, clock, reportError = () => {} }: ApiServerOptions, { mirror, metrics }: { readonly mirror: ObjectMirror; readonly metrics: MetricsRegistry }): Promise<LiveAuthorizer> {
  const graph = new NodeGraph();
  await graph.follow(mirror, nodeGraphTiming(metrics, clock));
  return new LiveAuthorizer({ files, node: createNodeAuthorizer(graph), rbac: createRbacAuthorizer(mirror), clock, reportError, metrics });
}

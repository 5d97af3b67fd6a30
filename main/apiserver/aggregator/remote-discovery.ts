import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { deadlineIn } from '../../../kube/apimachinery/deadline.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import type { User } from '../authentication/user.ts';
import type { RemoteApiService } from './api-service-list.ts';
import { KeyLoop } from './key-loop.ts';
import { discoveredResources } from './legacy-discovery.ts';
import { getRemote, type RemoteAnswer, type ServiceConnectionOptions } from './service-connection.ts';

export interface RemoteDiscoveryOptions extends ServiceConnectionOptions {
  readonly clock: Clock;
  readonly find: (name: string) => RemoteApiService | undefined;
  readonly all: () => readonly RemoteApiService[];
}

/** What an extension server says of one group version. */
export interface DiscoveredVersion {
  /** In the form of apidiscovery.k8s.io/v2. */
  readonly resources: readonly unknown[];
  /** Stale: the last look failed, and this is what was known before. */
  readonly freshness: 'Current' | 'Stale';
}

interface ServiceDocument {
  readonly etag: string | undefined;
  /** By `group/version`. */
  readonly versions: ReadonlyMap<string, readonly unknown[]>;
}

const ACCEPT = ['v2', 'v2beta1'].map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`).join(',');
const REFRESH_MS = 60_000;
const BACKOFF = { baseMs: 500, maxMs: REFRESH_MS };
const WORKERS = 2;
const TIMEOUT_MS = 5_000;
const AGGREGATOR: User = { name: 'system:kube-aggregator', groups: ['system:masters'] };
const STALE: DiscoveredVersion = { resources: [], freshness: 'Stale' };

/**
 * Asks extension servers what they serve, once a minute and whenever their APIService changes (upstream: kube-aggregator
 * handler_discovery.go). One document of a Service is kept for all the APIServices that name it, with its ETag.
 */
export class RemoteDiscovery implements AsyncDisposable {
  readonly #options: RemoteDiscoveryOptions;
  readonly #loop: KeyLoop;
  /** By the Service; it goes with the last APIService that names it. */
  readonly #documents = new Map<string, ServiceDocument>();
  readonly #versions = new Map<string, DiscoveredVersion>();

  constructor(options: RemoteDiscoveryOptions) {
    this.#options = options;
    this.#loop = new KeyLoop({ clock: options.clock, workers: WORKERS, backoff: BACKOFF, reconcile: (name, signal) => this.#refresh(name, signal) });
  }

  /** Before the first answer: no resources, stale. */
  versionOf(name: string): DiscoveredVersion {
    return this.#versions.get(name) ?? STALE;
  }

  changed(name: string): void {
    this.#loop.add(name);
  }

  /** Also for the start: resolves when every server was asked once, however it answered. */
  async refreshAll(names: readonly string[], signal: AbortSignal): Promise<void> {
    await Promise.all(names.map((name) => this.#refresh(name, signal).catch(() => {})));
    for (const name of names) this.#loop.add(name);
  }

  async #refresh(name: string, signal: AbortSignal): Promise<{ readonly againAfterMs?: number } | undefined> {
    const remote = this.#options.find(name);
    if (!remote) {
      this.#versions.delete(name);
      const used = new Set(this.#options.all().map(serviceKey));
      for (const key of this.#documents.keys()) if (!used.has(key)) this.#documents.delete(key);
      return undefined;
    }
    const key = serviceKey(remote);
    const before = this.#documents.get(key)?.versions.get(`${remote.group}/${remote.version}`);
    using deadline = deadlineIn(TIMEOUT_MS, { clock: this.#options.clock, outer: signal, message: 'request timed out' });
    try {
      const resources = await this.#fetch(remote, deadline.signal);
      this.#versions.set(name, { resources, freshness: 'Current' });
    } catch (error) {
      this.#versions.set(name, { resources: before ?? this.#versions.get(name)?.resources ?? [], freshness: 'Stale' });
      throw error;
    }
    return { againAfterMs: REFRESH_MS };
  }

  async #fetch(remote: RemoteApiService, signal: AbortSignal): Promise<readonly unknown[]> {
    const key = serviceKey(remote);
    const known = this.#documents.get(key);
    const wanted = `${remote.group}/${remote.version}`;
    const headers = { accept: ACCEPT, ...(known?.etag ? { 'if-none-match': known.etag } : {}) };
    const answer = await getRemote(this.#options, remote, { path: '/apis', user: AGGREGATOR, headers }, signal);
    if (answer.status === 304 && known) return known.versions.get(wanted) ?? [];
    if (answer.status === 503) throw new Error(`service ${key} returned non-success response code: 503`);
    if (answer.status === 200 && isAggregated(answer)) {
      const { etag } = answer.headers;
      const document = { versions: versionsOf(JSON.parse(answer.body.toString())), etag: typeof etag === 'string' ? etag : undefined };
      this.#documents.set(key, document);
      return document.versions.get(wanted) ?? [];
    }
    return this.#fetchLegacy(remote, signal);
  }

  /** From a server that does not know aggregated discovery. */
  async #fetchLegacy(remote: RemoteApiService, signal: AbortSignal): Promise<readonly unknown[]> {
    const path = remote.group === '' ? `/api/${remote.version}` : `/apis/${remote.group}/${remote.version}`;
    const answer = await getRemote(this.#options, remote, { path, user: AGGREGATOR, headers: { accept: 'application/json' } }, signal);
    if (answer.status !== 200) throw new Error(`failed to download legacy discovery for ${path}: ${answer.body.toString('utf8', 0, 500)}`);
    const list = JSON.parse(answer.body.toString()) as { resources?: unknown };
    return discoveredResources(Array.isArray(list.resources) ? list.resources : []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]();
  }
}

function serviceKey({ service }: RemoteApiService): string {
  return `${service.namespace}/${service.name}:${service.port}`;
}

function isAggregated({ headers }: RemoteAnswer): boolean {
  const type = String(headers['content-type'] ?? '');
  return /;\s*g=apidiscovery\.k8s\.io/.test(type) && /;\s*as=APIGroupDiscoveryList/.test(type);
}

function versionsOf(document: unknown): ReadonlyMap<string, readonly unknown[]> {
  const result = new Map<string, readonly unknown[]>();
  for (const group of listOf(document, 'items')) {
    const name = isJsonObject(group['metadata']) ? String(group['metadata']['name'] ?? '') : '';
    for (const version of listOf(group, 'versions')) result.set(`${name}/${String(version['version'])}`, listOf(version, 'resources').map(withKind));
  }
  return result;
}

/** Old clients stumble over a missing kind. */
function withKind(resource: Record<string, unknown>): Record<string, unknown> {
  const kind = { group: '', version: '', kind: '' };
  const subresources = listOf(resource, 'subresources').map((one) => ({ ...one, responseKind: one['responseKind'] ?? kind }));
  return { ...resource, responseKind: resource['responseKind'] ?? kind, ...(subresources.length > 0 ? { subresources } : {}) };
}

function listOf(value: unknown, member: string): Record<string, unknown>[] {
  const list = isJsonObject(value) ? value[member] : undefined;
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

import { createHash } from 'node:crypto';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { deadlineIn } from '../../../kube/apimachinery/deadline.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import type { User } from '../authentication/user.ts';
import { filteredSpec } from '../openapi/merge-specs.ts';
import type { Json } from '../openapi/schemas.ts';
import type { RemoteApiService } from './api-service-list.ts';
import { KeyLoop } from './key-loop.ts';
import { getRemote, type ServiceConnectionOptions } from './service-connection.ts';

export interface RemoteOpenApiOptions extends ServiceConnectionOptions {
  readonly clock: Clock;
  readonly find: (name: string) => RemoteApiService | undefined;
}

/** What one extension server publishes of its group version. */
interface RemoteSpec {
  readonly etag: string | undefined;
  readonly digest: string;
  /** OpenAPI 2, only the paths of the group version and what they refer to. */
  readonly v2: Json | undefined;
  /** OpenAPI 3: `apis/GROUP/VERSION` → its URL with the hash. */
  readonly v3: ReadonlyMap<string, string>;
}

const REFRESH_MS = 60_000;
const BACKOFF = { baseMs: REFRESH_MS, maxMs: 3_600_000 };
const FIRST_DELAY_MS = 1_000;
const TIMEOUT_MS = 60_000;
const AGGREGATOR: User = { name: 'system:aggregator', groups: ['system:masters'] };

/** Reads the OpenAPI documents of extension servers, a second after their APIService changes and then once a minute (upstream: controllers/openapi and openapiv3). */
export class RemoteOpenApi implements AsyncDisposable {
  readonly #options: RemoteOpenApiOptions;
  readonly #loop: KeyLoop;
  readonly #specs = new Map<string, RemoteSpec>();

  constructor(options: RemoteOpenApiOptions) {
    this.#options = options;
    this.#loop = new KeyLoop({ clock: options.clock, workers: 1, backoff: BACKOFF, reconcile: (name, signal) => this.#refresh(name, signal) });
  }

  changed(name: string): void {
    if (this.#options.find(name)) this.#loop.addAfter(name, FIRST_DELAY_MS);
    else this.#specs.delete(name);
  }

  /** In the order of their names; `digest` changes with the spec. */
  v2(): readonly { readonly digest: string; readonly spec: Json }[] {
    return [...this.#specs].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, { digest, v2 }]) => (v2 ? [{ digest, spec: v2 }] : []));
  }

  /** Documents of OpenAPI 3 that others hold, with their URLs. */
  v3(): ReadonlyMap<string, string> {
    return new Map([...this.#specs.values()].flatMap(({ v3 }) => [...v3]));
  }

  /** Who holds a document of OpenAPI 3. */
  holderOf(document: string): string | undefined {
    for (const [name, { v3 }] of this.#specs) if (v3.has(document)) return name;
    return undefined;
  }

  async #refresh(name: string, signal: AbortSignal): Promise<{ readonly againAfterMs: number } | undefined> {
    const remote = this.#options.find(name);
    if (!remote) {
      this.#specs.delete(name);
      return undefined;
    }
    using deadline = deadlineIn(TIMEOUT_MS, { clock: this.#options.clock, outer: signal, message: 'request timed out' });
    const v3 = await this.#v3Of(remote, deadline.signal);
    const v2 = await this.#v2Of(remote, deadline.signal);
    this.#specs.set(name, { v3, ...v2 });
    return { againAfterMs: REFRESH_MS };
  }

  async #v3Of(remote: RemoteApiService, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const answer = await getRemote(this.#options, remote, { path: '/openapi/v3', user: AGGREGATOR, headers: { accept: 'application/json' } }, signal);
    const own = `apis/${remote.group}/${remote.version}`;
    const index: unknown = answer.status === 200 ? JSON.parse(answer.body.toString()) : undefined;
    const paths = isJsonObject(index) && isJsonObject(index['paths']) ? index['paths'] : {};
    const item = paths[own];
    const url = isJsonObject(item) ? item['serverRelativeURL'] : undefined;
    return new Map(typeof url === 'string' ? [[own, url]] : []);
  }

  async #v2Of(remote: RemoteApiService, signal: AbortSignal): Promise<Omit<RemoteSpec, 'v3'>> {
    const known = this.#specs.get(remote.name);
    const headers = { accept: 'application/json', ...(known?.etag ? { 'if-none-match': known.etag } : {}) };
    const answer = await getRemote(this.#options, remote, { path: '/openapi/v2', user: AGGREGATOR, headers }, signal);
    if (answer.status === 304 && known) return known;
    if (answer.status === 404) return { etag: undefined, digest: '', v2: undefined };
    if (answer.status !== 200) throw new Error(`failed to retrieve openAPI spec, http error: ${answer.status}`);
    const spec: unknown = JSON.parse(answer.body.toString());
    const { etag } = answer.headers;
    const v2 = isJsonObject(spec) ? filteredSpec(spec, `/apis/${remote.group}/${remote.version}/`) : undefined;
    return { etag: typeof etag === 'string' ? etag : undefined, digest: createHash('sha256').update(answer.body).digest('hex'), v2 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]();
  }
}

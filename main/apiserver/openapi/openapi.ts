import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { GroupVersionInfo } from '../../../kube/api/inventory.ts';
import { goJson } from '../../../kube/apimachinery/go-format.ts';
import type { ApiRequest, ApiResponse } from '../endpoints/request.ts';
import { parseAccept } from '../negotiation/media-type.ts';
import { documentNames, openApiV2, openApiV3 } from './documents.ts';
import { mergedSpecs } from './merge-specs.ts';
import { rootPath } from './operations.ts';
import { openApiProtobuf } from './protobuf-document.ts';
import type { Dialect, Json } from './schemas.ts';

export interface OpenApiOptions {
  /** What is served now, in priority order; custom group versions as CustomGroupVersion (documents.ts). */
  readonly groupVersions: () => readonly GroupVersionInfo[];
  /** What extension servers publish. */
  readonly remote?: {
    v2(): readonly { readonly digest: string; readonly spec: Json }[];
    /** Documents that others hold: name → URL with its hash. */
    v3(): ReadonlyMap<string, string>;
  };
}

interface CachedDocument {
  readonly fingerprint: string;
  readonly body: Uint8Array;
}

/** Bytes of documents kept for the next request: all of v3 together are about as large as v2, 5 MB. */
const MAX_CACHED = 40;
const EMPTY = new Uint8Array(0);

/**
 * Answers GET /openapi/v2, /openapi/v3 and /openapi/v3/DOCUMENT; undefined for other paths. Documents are built at the first
 * request for them and kept as bytes until what is served changes. ETags and the hashes of the v3 index are fingerprints of
 * the inputs, so that the index needs no document.
 */
export class OpenApi {
  readonly #options: OpenApiOptions;
  readonly #documents = new Map<string, CachedDocument>();
  #build: string | undefined;

  constructor(options: OpenApiOptions) {
    this.#options = options;
  }

  respond(request: ApiRequest, path: string): ApiResponse | undefined {
    if (path === '/openapi/v2') return this.#v2(request);
    if (path === '/openapi/v3') return this.#index();
    return path.startsWith('/openapi/v3/') ? this.#v3(request, path.slice('/openapi/v3/'.length)) : undefined;
  }

  /** Drops cached documents; the next requests build anew. */
  clear(): void {
    this.#documents.clear();
  }

  #v2(request: ApiRequest): ApiResponse {
    const infos = this.#options.groupVersions();
    const others = this.#options.remote?.v2() ?? [];
    const own = this.#fingerprint('v2', infos);
    const fingerprint = others.length === 0 ? own : createHash('sha512').update([own, ...others.map(({ digest }) => digest)].join(' ')).digest('hex').toUpperCase();
    const build = (): Json => (others.length === 0 ? openApiV2(infos) : mergedSpecs(openApiV2(infos), others.map(({ spec }) => spec)));
    return this.#document(request, { name: 'v2', dialect: 2, fingerprint, build });
  }

  #index(): ApiResponse {
    const infos = this.#options.groupVersions();
    const urls = new Map([...(this.#options.remote?.v3() ?? []), ...documentNames(infos).map((name) => [name, this.#urlOf(name, infos)] as const)]);
    const paths = Object.fromEntries([...urls].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, serverRelativeURL]) => [name, { serverRelativeURL }]));
    // Upstream's aggregator serves it like a file: whatever is accepted, typed by its looks.
    return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8', 'accept-ranges': 'bytes' }, body: Buffer.from(JSON.stringify({ paths })) };
  }

  #v3(request: ApiRequest, name: string): ApiResponse {
    const infos = this.#options.groupVersions();
    if (!documentNames(infos).includes(name)) return { status: 404, headers: {}, body: EMPTY };
    const relevant = infosOf(name, infos);
    const fingerprint = this.#fingerprint(name, relevant);
    const hash = request.query.get('hash') || null;
    if (hash !== null && hash !== fingerprint) {
      return { status: 301, headers: { 'content-type': 'application/json', vary: 'Accept', location: this.#urlOf(name, infos), etag: `"${fingerprint}"` }, body: EMPTY };
    }
    const response = this.#document(request, { name, dialect: 3, fingerprint, build: () => openApiV3(infos, name) ?? {} });
    const immutable: Record<string, string> = hash === null ? {} : { 'cache-control': 'public, immutable', expires: 'Fri, 31 Dec 2100 00:00:00 GMT' };
    return { ...response, headers: { ...response.headers, ...immutable } };
  }

  #urlOf(name: string, infos: readonly GroupVersionInfo[]): string {
    return `/openapi/v3/${name}?hash=${this.#fingerprint(name, infosOf(name, infos))}`;
  }

  #fingerprint(name: string, infos: readonly GroupVersionInfo[]): string {
    this.#build ??= buildDigest();
    const text = JSON.stringify([this.#build, name, infos, infos.map((info) => ('definitions' in info ? (info as { definitions(dialect: 3): unknown }).definitions(3) : null))]);
    return createHash('sha512').update(text).digest('hex').toUpperCase();
  }

  #document(request: ApiRequest, { name, dialect, fingerprint, build }: Source): ApiResponse {
    const contentType = negotiate(request.headers['accept'], dialect);
    // Documents come in several forms; the second version is also compressed by its own handler.
    const vary = dialect === 2 ? 'Accept-Encoding, Accept' : 'Accept';
    if (contentType === undefined) return { status: 406, headers: { vary }, body: EMPTY };
    const etag = `"${fingerprint}"`;
    if (request.headers['if-none-match'] === etag) return { status: 304, headers: { etag, vary }, body: EMPTY };
    const isJson = contentType === 'application/json';
    const key = isJson ? name : `${name} protobuf`;
    let cached = this.#documents.get(key);
    if (cached?.fingerprint !== fingerprint) {
      cached = { fingerprint, body: isJson ? Buffer.from(jsonOf(build(), dialect)) : openApiProtobuf(build(), dialect).slice() };
      if (this.#documents.size >= MAX_CACHED) this.#documents.clear();
      this.#documents.set(key, cached);
    }
    return { status: 200, headers: { 'content-type': contentType, etag, vary }, body: cached.body };
  }
}

interface Source {
  readonly name: string;
  readonly dialect: Dialect;
  readonly fingerprint: string;
  readonly build: () => unknown;
}

/** What a document depends on: one group version, or, for the documents of groups, all. */
function infosOf(name: string, infos: readonly GroupVersionInfo[]): readonly GroupVersionInfo[] {
  const own = infos.filter((info) => rootPath(info) === `/${name}`);
  if (own.length > 0) return own;
  return name === 'apis' || name === 'v2' || name === 'v3' ? infos : infos.filter(({ group }) => name === `apis/${group}`);
}

/** Changes whenever the generated schemas and texts do. */
function buildDigest(): string {
  return readFileSync(new URL('../../../kube/api/generated/.digest', import.meta.url), 'utf8');
}

/** The Content-Type to answer with; undefined for 406. */
/** The second version has its `<` and `>` as they are, the third escaped for HTML. */
function jsonOf(document: unknown, dialect: Dialect): string {
  return dialect === 2 ? JSON.stringify(document) : goJson(document);
}

function negotiate(accept: string | undefined, dialect: Dialect): string | undefined {
  if (!accept) return 'application/json';
  for (const { type, subtype } of parseAccept(accept)) {
    if ((type === '*' || type === 'application') && (subtype === '*' || subtype === 'json')) return 'application/json';
    const protobuf = `com.github.proto-openapi.spec.v${dialect}`;
    if (subtype === `${protobuf}@v1.0+protobuf` || subtype === `${protobuf}.v1.0+protobuf`) return `application/${protobuf}.v1.0+protobuf`;
  }
  return undefined;
}

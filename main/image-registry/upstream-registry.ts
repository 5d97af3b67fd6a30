import type { ImageReference } from './image-reference.ts';

/** Long enough for a slow line's handshake, short enough that a pull without any network fails while the user still looks. */
const connectTimeoutMs = 5_000;
/** After a failed connection the next asks for the same registry fail at once for this long, so that a pod's back-off is not a queue of timeouts. */
const unreachableMs = 10_000;
const manifestTypes = [
  'application/vnd.oci.image.index.v1+json', 'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json', 'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** The registry has no connection to us: an outcome to tell the user, not a fault. */
export class RegistryUnreachableError extends Error {
  override readonly name = 'RegistryUnreachableError';
}

/** Reads from the registry that an image's name points to: the distribution protocol with anonymous bearer tokens. */
export class UpstreamRegistry {
  readonly #tokens = new Map<string, string>();
  readonly #unreachableUntil = new Map<string, number>();
  readonly #now: () => number;
  readonly #fetch: typeof fetch;

  constructor(options: { readonly now: () => number; readonly fetch?: typeof fetch }) {
    this.#now = options.now;
    this.#fetch = options.fetch ?? fetch;
  }

  /** The registry's answer to a manifest or blob request, whatever its status; rejects with RegistryUnreachableError. */
  async get(image: ImageReference, kind: 'manifests' | 'blobs', signal: AbortSignal): Promise<Response> {
    const host = image.registry === 'docker.io' ? 'registry-1.docker.io' : image.registry;
    const url = `https://${host}/v2/${image.repository}/${kind}/${image.reference}`;
    const scope = `${host}/${image.repository}`;
    const first = await this.#send(host, url, this.#tokens.get(scope), signal);
    if (first.status !== 401) return first;
    await first.body?.cancel();
    const token = await this.#authenticate(host, first.headers.get('www-authenticate') ?? '', signal);
    if (!token) return first;
    if (this.#tokens.size >= tokenLimit) this.#tokens.clear();
    this.#tokens.set(scope, token);
    return this.#send(host, url, token, signal);
  }

  async #authenticate(host: string, challenge: string, signal: AbortSignal): Promise<string | undefined> {
    const url = tokenUrl(challenge);
    if (!url) return undefined;
    const response = await this.#send(host, url, undefined, signal);
    if (!response.ok) return undefined;
    const body = await response.json() as { readonly token?: string; readonly access_token?: string };
    return body.token ?? body.access_token;
  }

  async #send(host: string, url: string, token: string | undefined, signal: AbortSignal): Promise<Response> {
    if ((this.#unreachableUntil.get(host) ?? 0) > this.#now()) throw new RegistryUnreachableError(`no connection to ${host}`);
    const connect = new AbortController();
    const timer = setTimeout(() => connect.abort(new Error('timed out')), connectTimeoutMs);
    try {
      const headers = { accept: manifestTypes, ...(token ? { authorization: `Bearer ${token}` } : {}) };
      const response = await this.#fetch(url, { headers, signal: AbortSignal.any([signal, connect.signal]) });
      this.#unreachableUntil.delete(host);
      return response;
    } catch (cause) {
      signal.throwIfAborted();
      if (this.#unreachableUntil.size >= tokenLimit) this.#unreachableUntil.clear();
      this.#unreachableUntil.set(host, this.#now() + unreachableMs);
      throw new RegistryUnreachableError(`no connection to ${host}`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Registries and repositories remembered at once; beyond it we ask again. */
const tokenLimit = 1000;

/** The address in a challenge such as `Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull"`. */
export function tokenUrl(challenge: string): string | undefined {
  if (!/^bearer /i.test(challenge)) return undefined;
  const fields = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]));
  const realm = fields.get('realm');
  if (!realm?.startsWith('https://')) return undefined;
  const url = new URL(realm);
  for (const key of ['service', 'scope']) if (fields.has(key)) url.searchParams.set(key, fields.get(key) ?? '');
  return url.href;
}

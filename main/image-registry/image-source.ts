import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { canonicalName } from './image-reference.ts';
import type { ImageReference } from './image-reference.ts';
import type { ImageLayout } from './image-layout.ts';
import { RegistryUnreachableError } from './upstream-registry.ts';
import type { UpstreamRegistry } from './upstream-registry.ts';

/** A manifest or blob that is on disk now. */
export interface StoredContent {
  readonly path: string;
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
}

/** Why there is none: the status and reason that the node's runtime shows in the pod's event. */
export interface MissingContent {
  readonly status: number;
  readonly code: 'MANIFEST_UNKNOWN' | 'BLOB_UNKNOWN' | 'UNAVAILABLE' | 'DENIED';
  readonly message: string;
}

/** A manifest is a few KB; beyond this it is an attack or a mistake. */
const manifestLimitBytes = 4 << 20;

/** Finds images in our layouts first, then in what was pulled before, then in the registry they belong to, keeping what comes from there. */
export class ImageSource {
  readonly #layouts: readonly ImageLayout[];
  readonly #pulled: ImageLayout;
  readonly #upstream: UpstreamRegistry;
  readonly #signal: AbortSignal;
  readonly #downloads = new Map<string, Promise<StoredContent | MissingContent>>();

  constructor(options: { readonly layouts: readonly ImageLayout[]; readonly pulled: ImageLayout; readonly upstream: UpstreamRegistry; readonly signal: AbortSignal }) {
    this.#layouts = options.layouts;
    this.#pulled = options.pulled;
    this.#upstream = options.upstream;
    this.#signal = options.signal;
  }

  async manifest(image: ImageReference): Promise<StoredContent | MissingContent> {
    const local = await this.#localManifest(image, this.#layouts);
    if (local) return local;
    return this.#once(`manifest ${canonicalName(image)}`, () => this.#pullManifest(image));
  }

  async blob(image: ImageReference): Promise<StoredContent | MissingContent> {
    const digest = image.reference;
    for (const layout of [...this.#layouts, this.#pulled]) {
      const found = await layout.blob(digest);
      if (found) return { ...found, digest, mediaType: 'application/octet-stream' };
    }
    return this.#once(`blob ${digest}`, () => this.#pullBlob(image));
  }

  async #localManifest(image: ImageReference, layouts: readonly ImageLayout[]): Promise<StoredContent | undefined> {
    for (const layout of layouts) {
      const digest = image.reference.includes(':') ? image.reference : (await layout.find(canonicalName(image)))?.digest;
      const found = digest ? await layout.blob(digest) : undefined;
      if (digest && found) return { ...found, digest, mediaType: await mediaTypeOf(layout, digest) };
    }
    return undefined;
  }

  async #pullManifest(image: ImageReference): Promise<StoredContent | MissingContent> {
    try {
      const response = await this.#upstream.get(image, 'manifests', this.#signal);
      if (!response.ok) return refusal(response, image, 'MANIFEST_UNKNOWN');
      const content = Buffer.from(await response.arrayBuffer());
      if (content.length > manifestLimitBytes) return { status: 502, code: 'UNAVAILABLE', message: `manifest of ${canonicalName(image)} is too large` };
      const expected = image.reference.includes(':') ? image.reference : undefined;
      const stored = await this.#pulled.addBlob(Readable.from([content]), expected);
      const mediaType = response.headers.get('content-type')?.split(';')[0] ?? 'application/vnd.oci.image.manifest.v1+json';
      if (!expected) await this.#pulled.setName(canonicalName(image), { ...stored, mediaType });
      return await this.#localManifest({ ...image, reference: stored.digest }, [this.#pulled]) ?? unavailable(image);
    } catch (cause) {
      if (!(cause instanceof RegistryUnreachableError)) throw cause;
      // A tag pulled earlier still serves while there is no network; with one, its newest meaning was just asked for.
      return await this.#localManifest(image, [this.#pulled]) ?? unavailable(image);
    }
  }

  async #pullBlob(image: ImageReference): Promise<StoredContent | MissingContent> {
    try {
      const response = await this.#upstream.get(image, 'blobs', this.#signal);
      if (!response.ok || !response.body) return refusal(response, image, 'BLOB_UNKNOWN');
      const stored = await this.#pulled.addBlob(Readable.fromWeb(response.body as ReadableStream), image.reference);
      const found = await this.#pulled.blob(stored.digest);
      return found ? { ...found, digest: stored.digest, mediaType: stored.mediaType } : unavailable(image);
    } catch (cause) {
      if (cause instanceof RegistryUnreachableError) return unavailable(image);
      throw cause;
    }
  }

  /** Several nodes ask for one image at the same time: it is fetched once. */
  async #once(key: string, download: () => Promise<StoredContent | MissingContent>): Promise<StoredContent | MissingContent> {
    const running = this.#downloads.get(key) ?? download();
    this.#downloads.set(key, running);
    try {
      return await running;
    } finally {
      this.#downloads.delete(key);
    }
  }
}

function unavailable(image: ImageReference): MissingContent {
  return { status: 503, code: 'UNAVAILABLE', message: `no network and image ${canonicalName(image)} is not bundled` };
}

async function refusal(response: Response, image: ImageReference, unknown: MissingContent['code']): Promise<MissingContent> {
  await response.body?.cancel();
  if (response.status === 404) return { status: 404, code: unknown, message: `${canonicalName(image)} is not known to ${image.registry}` };
  if (response.status === 401 || response.status === 403) return { status: 403, code: 'DENIED', message: `${image.registry} refuses ${canonicalName(image)} without a login` };
  return { status: 502, code: 'UNAVAILABLE', message: `${image.registry} answered ${response.status} for ${canonicalName(image)}` };
}

async function mediaTypeOf(layout: ImageLayout, digest: string): Promise<string> {
  const content = JSON.parse((await layout.readBlob(digest))?.toString() ?? '{}') as { readonly mediaType?: string; readonly manifests?: unknown };
  return content.mediaType ?? (content.manifests ? 'application/vnd.oci.image.index.v1+json' : 'application/vnd.oci.image.manifest.v1+json');
}

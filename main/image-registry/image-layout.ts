import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { canonicalName, parseImageReference } from './image-reference.ts';

/** A reference to a blob, as in the OCI image specification. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture: string; readonly os: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Index {
  readonly schemaVersion: 2;
  readonly manifests: readonly Descriptor[];
}

const nameAnnotation = 'io.containerd.image.name';
const digestPattern = /^sha256:[0-9a-f]{64}$/;

/** An OCI image layout on disk: blobs by digest, and an index that names some of them. Another process may add to it while we read. */
export class ImageLayout {
  readonly directory: string;
  #index: { readonly stamp: string; readonly byName: ReadonlyMap<string, Descriptor> } | undefined;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** The manifest under a canonical name; undefined when the layout has no such image. */
  async find(name: string): Promise<Descriptor | undefined> {
    return (await this.#read()).get(name);
  }

  async images(): Promise<ReadonlyMap<string, Descriptor>> {
    return this.#read();
  }

  /** The file of a blob and its size; undefined when absent or when the digest is malformed. */
  async blob(digest: string): Promise<{ readonly path: string; readonly size: number } | undefined> {
    if (!digestPattern.test(digest)) return undefined;
    const path = this.#blobPath(digest);
    const found = await stat(path).catch(() => undefined);
    return found && { path, size: found.size };
  }

  async readBlob(digest: string): Promise<Buffer | undefined> {
    const found = await this.blob(digest);
    return found && readFile(found.path);
  }

  /** Stores a blob; rejects, keeping nothing, when the content does not have the digest it is given. */
  async addBlob(content: Readable, expectedDigest?: string): Promise<Descriptor> {
    await mkdir(join(this.directory, 'blobs', 'sha256'), { recursive: true });
    const partial = join(this.directory, `${randomUUID()}.partial`);
    const hash = createHash('sha256');
    let size = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        size += chunk.length;
        done(null, chunk);
      },
    });
    try {
      await pipeline(content, measure, createWriteStream(partial));
      const digest = `sha256:${hash.digest('hex')}`;
      if (expectedDigest && digest !== expectedDigest) throw new Error(`Cannot store blob "${expectedDigest}": the content has digest ${digest}`);
      await rename(partial, this.#blobPath(digest));
      return { mediaType: 'application/octet-stream', digest, size };
    } finally {
      await rm(partial, { force: true });
    }
  }

  /** Names a manifest, replacing what had the name before. */
  async setName(name: string, manifest: Descriptor): Promise<void> {
    const names = new Map(await this.#read());
    names.set(canonicalName(parseImageReference(name)), manifest);
    const manifests = [...names].map(([key, { mediaType, digest, size, platform }]) => ({ mediaType, digest, size, platform, annotations: { [nameAnnotation]: key } }));
    await mkdir(this.directory, { recursive: true });
    const partial = join(this.directory, `index.json.${randomUUID()}`);
    await writeFile(partial, JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests }));
    await rename(partial, join(this.directory, 'index.json'));
    await writeFile(join(this.directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  }

  async #read(): Promise<ReadonlyMap<string, Descriptor>> {
    const path = join(this.directory, 'index.json');
    const info = await stat(path).catch(() => undefined);
    if (!info) return new Map();
    const stamp = `${info.mtimeMs}:${info.size}:${info.ino}`;
    if (this.#index?.stamp !== stamp) {
      const index = JSON.parse(await readFile(path, 'utf8')) as Index;
      this.#index = { stamp, byName: namesOf(index) };
    }
    return this.#index.byName;
  }

  #blobPath(digest: string): string {
    return join(this.directory, 'blobs', 'sha256', digest.slice('sha256:'.length));
  }
}

/** A manifest without a full name (as `docker buildx` may write) cannot be asked for and is left out. */
export function namesOf(index: Index): ReadonlyMap<string, Descriptor> {
  const names = new Map<string, Descriptor>();
  for (const manifest of index.manifests) {
    const reference = manifest.annotations?.['org.opencontainers.image.ref.name'];
    const name = manifest.annotations?.[nameAnnotation] ?? (reference && /[/:]/.test(reference) ? reference : undefined);
    if (name) names.set(canonicalName(parseImageReference(name)), manifest);
  }
  return names;
}

export function openBlob(path: string, range?: { readonly start: number; readonly end: number }): Readable {
  return createReadStream(path, range);
}

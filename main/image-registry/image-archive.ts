import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, readFile, readdir, rm, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { join, posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { extract } from 'tar-stream';
import { ImageLayout, namesOf } from './image-layout.ts';
import type { Descriptor } from './image-layout.ts';

/** Loads an archive as written by `docker save`, `podman save`, `ctr image export` or `skopeo`; gzip is recognised. Resolves to the names now known. */
export async function loadImageArchive(options: { readonly file: string; readonly layout: ImageLayout; readonly signal?: AbortSignal }): Promise<readonly string[]> {
  const { file, layout, signal } = options;
  await mkdir(layout.directory, { recursive: true });
  const unpacked = await mkdtemp(join(layout.directory, 'load-'));
  try {
    await unpack(file, unpacked, signal);
    const files = new Set(await readdir(unpacked));
    const names = files.has('index.json') ? await loadOci(unpacked, layout) : [];
    if (names.length > 0) return names;
    if (files.has('manifest.json')) return await loadDocker(unpacked, layout);
    throw new Error(`Cannot load "${file}": it is neither an OCI nor a docker image archive with named images`);
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}

async function unpack(file: string, directory: string, signal?: AbortSignal): Promise<void> {
  const stages: NodeJS.ReadWriteStream[] = await isGzip(file) ? [createGunzip()] : [];
  const archive = extract();
  const reading = pipeline([createReadStream(file), ...stages, archive], { signal });
  const unpacking = unpackEntries(archive, directory);
  await Promise.all([reading, unpacking]).catch((cause: unknown) => { throw new Error(`Cannot load "${file}": ${(cause as Error).message}`, { cause }); });
}

async function unpackEntries(archive: ReturnType<typeof extract>, directory: string): Promise<void> {
  for await (const entry of archive) {
    const name = posix.normalize(`/${entry.header.name}`);
    if (entry.header.type === 'file') {
      const path = join(directory, name);
      await mkdir(join(path, '..'), { recursive: true });
      await pipeline(entry, createWriteStream(path));
    } else {
      // Old docker archives link equal layers to each other; the target is read instead of the link by loadDocker.
      entry.resume();
    }
  }
}

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file).catch((cause: Error) => { throw new Error(`Cannot load "${file}": ${cause.message}`, { cause }); });
  try {
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

async function loadOci(directory: string, layout: ImageLayout): Promise<readonly string[]> {
  const names = namesOf(JSON.parse(await readFile(join(directory, 'index.json'), 'utf8')) as Parameters<typeof namesOf>[0]);
  if (names.size === 0) return [];
  const blobs = join(directory, 'blobs', 'sha256');
  for (const hex of await readdir(blobs)) {
    if ((await stat(join(blobs, hex))).isFile()) await layout.addBlob(createReadStream(join(blobs, hex)), `sha256:${hex}`);
  }
  for (const [name, manifest] of names) await layout.setName(name, manifest);
  return [...names.keys()];
}

interface DockerImage {
  readonly Config: string;
  readonly RepoTags: readonly string[] | null;
  readonly Layers: readonly string[];
}

async function loadDocker(directory: string, layout: ImageLayout): Promise<readonly string[]> {
  const images = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')) as readonly DockerImage[];
  const names: string[] = [];
  for (const image of images) {
    const manifest = await loadDockerImage(directory, image, layout);
    for (const name of image.RepoTags ?? []) {
      await layout.setName(name, manifest);
      names.push(name);
    }
  }
  return names;
}

async function loadDockerImage(directory: string, image: DockerImage, layout: ImageLayout): Promise<Descriptor> {
  const add = async (path: string, mediaType: string): Promise<Descriptor> => {
    const stored = await layout.addBlob(createReadStream(join(directory, posix.normalize(`/${path}`))));
    return { ...stored, mediaType };
  };
  const config = await add(image.Config, 'application/vnd.oci.image.config.v1+json');
  const layers: Descriptor[] = [];
  for (const path of image.Layers) {
    const gzip = await isGzip(join(directory, posix.normalize(`/${path}`)));
    layers.push(await add(path, `application/vnd.oci.image.layer.v1.tar${gzip ? '+gzip' : ''}`));
  }
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const content = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }));
  await layout.addBlob(Readable.from([content]), `sha256:${createHash('sha256').update(content).digest('hex')}`);
  return { mediaType, digest: `sha256:${createHash('sha256').update(content).digest('hex')}`, size: content.length };
}

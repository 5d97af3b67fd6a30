import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Architecture } from '../architecture.ts';
import { treeTar } from '../debian/file-tree-tar.ts';
import type { FileTree } from '../debian/package-files.ts';

/** An image as a recipe describes it. */
export interface ContainerImage {
  /** Full names, e.g. docker.io/library/nginx:latest. */
  readonly names: readonly string[];
  readonly tree: FileTree;
  readonly config: ContainerConfig;
}

/** The `config` object of the OCI image specification. */
export interface ContainerConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
  readonly StopSignal?: string;
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/**
 * Writes images as an OCI image layout. Layers stay uncompressed: they only travel over loopback, and a guest under software emulation
 * pays dearly for decompression. The same trees always give the same digests.
 */
export async function writeOciLayout(directory: string, images: readonly ContainerImage[], architecture: Architecture): Promise<void> {
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true });
  const manifests: object[] = [];
  for (const image of images) {
    const manifest = await writeImage(directory, image, architecture);
    for (const name of image.names) {
      const annotations = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1) };
      manifests.push({ ...manifest, platform: { architecture, os: 'linux' }, annotations });
    }
  }
  const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests };
  await writeFile(join(directory, 'index.json'), JSON.stringify(index, null, 1));
  await writeFile(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

async function writeImage(directory: string, image: ContainerImage, architecture: Architecture): Promise<Descriptor> {
  const layer = await writeBlob(directory, 'application/vnd.oci.image.layer.v1.tar', await treeTar(image.tree));
  const configuration = {
    created: '1970-01-01T00:00:00Z', architecture, os: 'linux', config: image.config,
    rootfs: { type: 'layers', diff_ids: [layer.digest] }, history: [{ created: '1970-01-01T00:00:00Z', created_by: 'coracle images/containers' }],
  };
  const config = await writeBlob(directory, 'application/vnd.oci.image.config.v1+json', Buffer.from(JSON.stringify(configuration)));
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  return writeBlob(directory, mediaType, Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] })));
}

async function writeBlob(directory: string, mediaType: string, content: Buffer): Promise<Descriptor> {
  const hex = createHash('sha256').update(content).digest('hex');
  await writeFile(join(directory, 'blobs', 'sha256', hex), content);
  return { mediaType, digest: `sha256:${hex}`, size: content.length };
}

import { execFile } from 'node:child_process';
import { chmod, lchown, mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isNotFound } from '../../../kube/apimachinery/status.ts';
import { persistentvolumeclaims, persistentvolumes } from '../../../kube/api/generated/core/v1.ts';
import type { Pod, Volume } from '../../../kube/api/generated/core/v1.ts';
import type { Client } from '../../../kube/client/client.ts';
import { wholeValue } from '../quantity-value.ts';
import { writeAtomically } from './atomic-writer.ts';
import { prepareHostPath } from './host-path.ts';
import { VolumeError, volumePayload } from './payload.ts';
import type { PayloadSources } from './payload.ts';

const run = promisify(execFile);

export interface VolumeManagerOptions {
  /** Pods' directories: `<rootDirectory>/pods`. */
  readonly podsDirectory: string;
  readonly client: Client;
}

/** Volume name to its path on the node. */
export type MountedVolumes = ReadonlyMap<string, string>;

/** Makes a pod's volumes and keeps their contents up to date; every call is idempotent, also after a restart of node or agent. */
export class VolumeManager {
  readonly #options: VolumeManagerOptions;

  constructor(options: VolumeManagerOptions) {
    this.#options = options;
  }

  podDirectory(uid: string): string {
    return join(this.#options.podsDirectory, uid);
  }

  /** Rejects with VolumeError when one cannot be made; the message is the event's. */
  async mountAll(pod: Pod, sources: PayloadSources): Promise<MountedVolumes> {
    const used = usedVolumes(pod);
    const mounted = new Map<string, string>();
    for (const volume of pod.spec.volumes ?? []) {
      if (!used.has(volume.name)) continue;
      try {
        mounted.set(volume.name, await this.#mount(pod, volume, sources));
      } catch (error) {
        throw new VolumeError(`MountVolume.SetUp failed for volume "${volume.name}" : ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
    }
    return mounted;
  }

  /** Unmounts and removes a pod's volumes; termination messages stay for its status. */
  async removeVolumes(uid: string): Promise<void> {
    await this.#remove(join(this.podDirectory(uid), 'volumes'));
  }

  /** Removes everything a pod had on disk; hostPath and persistent volumes stay. */
  async removeAll(uid: string): Promise<void> {
    await this.#remove(this.podDirectory(uid));
  }

  async #remove(directory: string): Promise<void> {
    for (const mountPoint of (await mountPoints()).filter((path) => path.startsWith(`${directory}/`)).toReversed()) await run('umount', ['-l', mountPoint]);
    await rm(directory, { recursive: true, force: true });
  }

  async knownPods(): Promise<readonly string[]> {
    return readdir(this.#options.podsDirectory).catch(() => []);
  }

  async #mount(pod: Pod, volume: Volume, sources: PayloadSources): Promise<string> {
    const uid = pod.metadata.uid ?? '';
    const fsGroup = pod.spec.securityContext?.fsGroup;
    const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'emptyDir';
    const path = join(this.podDirectory(uid), 'volumes', `kubernetes.io~${PLUGIN_DIRECTORIES[kind] ?? kind}`, volume.name);
    if (volume.hostPath !== undefined) {
      await prepareHostPath(volume.hostPath.path, volume.hostPath.type ?? '');
      return volume.hostPath.path;
    }
    if (volume.emptyDir !== undefined) {
      await emptyDirectory(path, volume.emptyDir, fsGroup);
      return path;
    }
    if (volume.persistentVolumeClaim !== undefined) return this.#persistentVolume(pod, volume.persistentVolumeClaim.claimName);
    const payload = await volumePayload(pod, volume, sources);
    if (payload === undefined) throw new VolumeError(`no volume plugin matched for ${kind}`);
    await writeAtomically(path, payload, { fsGroup });
    return path;
  }

  async #persistentVolume(pod: Pod, claimName: string): Promise<string> {
    const { client } = this.#options;
    const claim = await client.get(persistentvolumeclaims, { namespace: pod.metadata.namespace, name: claimName }).catch((error: unknown) => {
      if (isNotFound(error)) throw new VolumeError(`error getting PVC ${pod.metadata.namespace}/${claimName}: persistentvolumeclaim "${claimName}" not found`);
      throw error;
    });
    const name = claim.spec.volumeName;
    if (name === undefined || name === '' || claim.status?.phase !== 'Bound') throw new VolumeError(`PVC ${pod.metadata.namespace}/${claimName} is not bound`);
    const volume = await client.get(persistentvolumes, { name });
    if (volume.spec.hostPath !== undefined) {
      await prepareHostPath(volume.spec.hostPath.path, volume.spec.hostPath.type || 'DirectoryOrCreate');
      return volume.spec.hostPath.path;
    }
    if (volume.spec.local !== undefined) return volume.spec.local.path;
    throw new VolumeError(`no volume plugin matched for persistent volume "${name}"`);
  }
}

const PLUGIN_DIRECTORIES: Readonly<Record<string, string>> = { emptyDir: 'empty-dir', configMap: 'configmap', secret: 'secret', projected: 'projected', downwardAPI: 'downward-api' };

function usedVolumes(pod: Pod): ReadonlySet<string> {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? []), ...(pod.spec.ephemeralContainers ?? [])];
  return new Set(containers.flatMap((container) => [...(container.volumeMounts ?? []), ...(container.volumeDevices ?? [])].map(({ name }) => name)));
}

async function emptyDirectory(path: string, source: NonNullable<Volume['emptyDir']>, fsGroup: number | undefined): Promise<void> {
  const exists = (await stat(path).catch(() => undefined)) !== undefined;
  if (source.medium === 'Memory') {
    await mkdir(path, { recursive: true });
    if ((await mountPoints()).includes(path)) return;
    const size = wholeValue(source.sizeLimit);
    await run('mount', ['-t', 'tmpfs', '-o', size > 0 ? `mode=0777,size=${size}` : 'mode=0777', 'tmpfs', path]);
  } else if (exists) return;
  else await mkdir(path, { recursive: true });
  await chmod(path, 0o777);
  if (fsGroup === undefined) return;
  await lchown(path, 0, fsGroup);
  await chmod(path, 0o2777);
}

/** Of this mount namespace, in the order of mounting. */
async function mountPoints(): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => line.split(' ')[4] ?? []).filter((path) => path !== '').map((path) => path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))));
}

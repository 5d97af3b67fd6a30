import { chmod, mkdir, realpath, stat } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import type { Container, Pod } from '../../../kube/api/generated/core/v1.ts';
import type { Mount } from '../../runtime/cri-types.ts';
import { ContainerConfigError } from '../environment.ts';
import { expand } from '../expand.ts';
import type { MountedVolumes } from './volume-manager.ts';

const PROPAGATION: Readonly<Record<string, Mount['propagation']>> = {
  None: 'PROPAGATION_PRIVATE', HostToContainer: 'PROPAGATION_HOST_TO_CONTAINER', Bidirectional: 'PROPAGATION_BIDIRECTIONAL',
};

export interface MountOptions {
  readonly pod: Pod;
  readonly container: Container;
  readonly volumes: MountedVolumes;
  /** For subPathExpr. */
  readonly lookup: (name: string) => string | undefined;
  readonly hostsFile: string;
  readonly terminationFile: string;
}

/** The container's volumes, /etc/hosts and the file for its termination message, as the runtime wants them. */
export async function containerMounts({ pod, container, volumes, lookup, hostsFile, terminationFile }: MountOptions): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const mount of container.volumeMounts ?? []) {
    const volume = volumes.get(mount.name);
    if (volume === undefined) throw new ContainerConfigError(`cannot find volume "${mount.name}" to mount into container "${container.name}"`);
    const subPath = mount.subPathExpr !== undefined && mount.subPathExpr !== '' ? expand(mount.subPathExpr, lookup) : (mount.subPath ?? '');
    mounts.push({
      containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
      hostPath: subPath === '' ? volume : await subPathOf(volume, subPath, mount.name),
      readonly: mount.readOnly ?? isAlwaysReadOnly(pod, mount.name),
      propagation: PROPAGATION[mount.mountPropagation ?? 'None'] ?? 'PROPAGATION_PRIVATE',
    });
  }
  const own = (path: string): boolean => mounts.some((mount) => normalize(mount.containerPath) === path);
  const base = { readonly: false, propagation: 'PROPAGATION_PRIVATE' } as const;
  if (!own('/etc/hosts')) mounts.push({ ...base, containerPath: '/etc/hosts', hostPath: hostsFile });
  mounts.push({ ...base, containerPath: container.terminationMessagePath ?? '/dev/termination-log', hostPath: terminationFile });
  return mounts;
}

/** Files the kubelet writes are not for containers to change. */
function isAlwaysReadOnly(pod: Pod, name: string): boolean {
  const volume = (pod.spec.volumes ?? []).find((candidate) => candidate.name === name);
  return volume?.configMap !== undefined || volume?.secret !== undefined || volume?.projected !== undefined || volume?.downwardAPI !== undefined;
}

/** A path inside the volume, made when missing; it must not lead out of it, through `..` or a link. */
async function subPathOf(volume: string, subPath: string, name: string): Promise<string> {
  const fail = (reason: string): never => {
    throw new ContainerConfigError(`failed to prepare subPath for volumeMount "${name}" of container: ${reason}`);
  };
  if (subPath.startsWith('/') || subPath.split('/').includes('..')) fail('subPath must be relative and must not contain ".."');
  const root = await realpath(volume);
  const path = join(root, subPath);
  if ((await stat(path).catch(() => undefined)) === undefined) {
    const info = await stat(root);
    if (!info.isDirectory()) fail(`not a directory: ${volume}`);
    await mkdir(path, { recursive: true });
    await chmod(path, info.mode & 0o7777);
  }
  const resolved = await realpath(path);
  if (resolved !== root && !resolved.startsWith(`${root}/`)) fail(`subpath "${subPath}" is outside of the volume`);
  return resolved;
}

import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../../kube/api/generated/core/v1.ts';
import type { StorageClass } from '../../../kube/api/generated/storage/v1.ts';
import { type NodeMatcher, nodeSelectorMatcher } from '../framework/node-selector.ts';
import type { SchedulerPlugin } from '../framework/plugin.ts';
import { SKIP, unresolvable } from '../framework/status.ts';

const NAME = 'VolumeBinding';
const CONFLICT = unresolvable("node(s) didn't match PersistentVolume's node affinity");
const NOTHING_TO_BIND = unresolvable("node(s) didn't find available persistent volumes to bind");

export interface VolumeBindingOptions {
  readonly claim: (key: string) => PersistentVolumeClaim | undefined;
  readonly volume: (name: string) => PersistentVolume | undefined;
  readonly storageClass: (name: string) => StorageClass | undefined;
}

interface ClaimState {
  readonly reachable: readonly NodeMatcher[];
  /** A claim that waits for its consumer, and that nobody can fill yet. */
  readonly waiting: boolean;
}

/**
 * Pods go where their bound volumes are, and wait while a claim has none.
 * Differs from upstream: volumes of WaitForFirstConsumer claims are not chosen here yet; such pods wait.
 */
export function volumeBinding(options: VolumeBindingOptions): SchedulerPlugin {
  return {
    name: NAME,
    preFilter(state, { pod }) {
      const names = claimNames(pod);
      if (names.length === 0) return { status: SKIP };
      const reachable: NodeMatcher[] = [];
      let waiting = false;
      for (const name of names) {
        const claim = options.claim(`${pod.metadata.namespace}/${name}`);
        if (claim === undefined) return { status: unresolvable(`persistentvolumeclaim "${name}" not found`) };
        if (claim.metadata.deletionTimestamp !== undefined) return { status: unresolvable(`persistentvolumeclaim "${name}" is being deleted`) };
        const volume = claim.spec?.volumeName ? options.volume(claim.spec.volumeName) : undefined;
        const bound = volume !== undefined && claim.metadata.annotations?.['pv.kubernetes.io/bind-completed'] !== undefined;
        if (!bound && !waitsForConsumer(claim, options)) return { status: unresolvable('pod has unbound immediate PersistentVolumeClaims') };
        if (!bound) waiting = true;
        const required = volume?.spec?.nodeAffinity?.required;
        if (required !== undefined) reachable.push(nodeSelectorMatcher(required));
      }
      state.write(NAME, { reachable, waiting } satisfies ClaimState);
      return undefined;
    },
    filter(state, _info, { node }) {
      const claims = state.read<ClaimState>(NAME);
      if (claims === undefined) return undefined;
      if (claims.waiting) return NOTHING_TO_BIND;
      return claims.reachable.every((matches) => matches(node)) ? undefined : CONFLICT;
    },
    mayHelp: (_pod, { resource }) => resource !== 'AssignedPod' && resource !== 'UnscheduledPod',
  };
}

function claimNames(pod: Pod): readonly string[] {
  return (pod.spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined) return [persistentVolumeClaim.claimName];
    return ephemeral === undefined ? [] : [`${pod.metadata.name}-${name}`];
  });
}

function waitsForConsumer(claim: PersistentVolumeClaim, options: VolumeBindingOptions): boolean {
  const name = claim.spec?.storageClassName;
  return name !== undefined && name !== '' && options.storageClass(name)?.volumeBindingMode === 'WaitForFirstConsumer';
}

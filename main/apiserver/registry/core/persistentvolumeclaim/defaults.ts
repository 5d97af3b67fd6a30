import type * as core from '../../../../../kube/api/generated/core/v1.ts';

export function setClaimSpecDefaults(spec: core.PersistentVolumeClaimSpec | undefined): void {
  if (spec !== undefined) spec.volumeMode ??= 'Filesystem';
}

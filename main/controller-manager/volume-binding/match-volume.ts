import type { PersistentVolume, PersistentVolumeClaim } from '../../../kube/api/generated/core/v1.ts';
import { selectorMatches } from '../../../kube/apimachinery/label-selector.ts';
import { compareQuantities, parseQuantity } from '../../../kube/apimachinery/quantity.ts';

/** Whether the volume names this claim, with its UID or, set by hand, without. */
export function isReservedFor({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const reference = spec?.claimRef;
  if (reference?.name !== metadata.name || reference.namespace !== metadata.namespace) return false;
  return !reference.uid || reference.uid === metadata.uid;
}

/** Class, size, mode and access modes; what even a volume that was named by hand must have. */
export function satisfies(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const wanted = claim.spec?.resources?.requests?.['storage'] ?? '0';
  if (compareQuantities(parseQuantity(volume.spec?.capacity?.['storage'] ?? '0'), parseQuantity(wanted)) < 0) return false;
  if ((volume.spec?.storageClassName ?? '') !== (claim.spec?.storageClassName ?? '')) return false;
  if ((volume.spec?.volumeAttributesClassName ?? '') !== (claim.spec?.volumeAttributesClassName ?? '')) return false;
  if ((volume.spec?.volumeMode ?? 'Filesystem') !== (claim.spec?.volumeMode ?? 'Filesystem')) return false;
  return (claim.spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode));
}

/** A volume reserved for the claim, else the smallest free one that will do; `reservedOnly` while the claim waits for its first pod. */
export function matchVolume(claim: PersistentVolumeClaim, volumes: readonly PersistentVolume[], { reservedOnly = false } = {}): PersistentVolume | undefined {
  const usable = volumes.filter((volume) => volume.metadata.deletionTimestamp === undefined && satisfies(volume, claim));
  const reserved = usable.find((volume) => isReservedFor(volume, claim));
  if (reserved !== undefined || reservedOnly) return reserved;
  const selector = claim.spec?.selector;
  const free = usable.filter(({ spec, status, metadata }) => spec?.claimRef === undefined && status?.phase === 'Available' && (selector === undefined || selectorMatches(selector, metadata.labels)));
  const size = ({ spec }: PersistentVolume) => parseQuantity(spec?.capacity?.['storage'] ?? '0');
  return free.toSorted((a, b) => compareQuantities(size(a), size(b)))[0];
}

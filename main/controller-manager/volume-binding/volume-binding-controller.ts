import { type PersistentVolume, type PersistentVolumeClaim, type PersistentVolumeClaimStatus, persistentvolumeclaims, persistentvolumes } from '../../../kube/api/generated/core/v1.ts';
import { storageclasses, type StorageClass } from '../../../kube/api/generated/storage/v1.ts';
import { formatTime } from '../../../kube/apimachinery/time.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { keyOf, targetOf } from '../object-key.ts';
import { patchStatus } from '../patch-status.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { isReservedFor, matchVolume, satisfies } from './match-volume.ts';

const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
/** What named the class before there was a field for it. */
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';
const VOLUME = 'volume:';
const CLAIM = 'claim:';

/**
 * Brings claims and volumes together (upstream: controller/volume/persistentvolume). Volumes are made by people or by external
 * provisioners; one worker, so that no volume is promised twice.
 */
export class VolumeBindingController implements Controller {
  readonly name = 'persistentvolume-binder-controller';
  readonly workers = 1;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #classes: Informer<StorageClass>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#volumes = context.informers.informer(persistentvolumes);
    this.#claims = context.informers.informer(persistentvolumeclaims);
    this.#classes = context.informers.informer(storageclasses);
    const waiting = (): string[] => this.#claims.lister.list().flatMap((claim) => (claim.metadata.annotations?.[BIND_COMPLETED] === undefined ? [CLAIM + keyOf(claim)] : []));
    const ofVolume = ({ metadata, spec }: PersistentVolume): string[] => [VOLUME + metadata.name, ...(spec?.claimRef === undefined ? waiting() : [`${CLAIM}${spec.claimRef.namespace}/${spec.claimRef.name}`])];
    const ofClaim = (claim: PersistentVolumeClaim): string[] => [CLAIM + keyOf(claim), ...this.#volumes.lister.list().flatMap((volume) => (isReservedFor(volume, claim) ? [VOLUME + volume.metadata.name] : []))];
    this.watches = [
      { informer: this.#volumes, keysFor: ofVolume },
      { informer: this.#claims, keysFor: ofClaim },
      { informer: this.#classes, keysFor: waiting },
    ] as readonly ControllerWatch[];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    if (key.startsWith(VOLUME)) {
      const volume = this.#volumes.lister.get(key.slice(VOLUME.length));
      if (volume !== undefined) await this.#setVolumePhase(volume, this.#phaseOf(volume), signal);
      return;
    }
    const claim = this.#claims.lister.get(key.slice(CLAIM.length));
    if (claim !== undefined) await this.#syncClaim(claim, signal);
  }

  #phaseOf({ metadata, spec }: PersistentVolume): string {
    if (!spec?.claimRef?.uid) return 'Available';
    const claim = this.#claims.lister.get(`${spec.claimRef.namespace}/${spec.claimRef.name}`);
    if (claim?.metadata.uid !== spec.claimRef.uid) return 'Released';
    return claim.spec?.volumeName === undefined || claim.spec.volumeName === metadata.name ? 'Bound' : 'Available';
  }

  async #syncClaim(claim: PersistentVolumeClaim, signal: AbortSignal): Promise<void> {
    const named = claim.spec?.volumeName;
    const completed = claim.metadata.annotations?.[BIND_COMPLETED] !== undefined;
    const volume = named ? this.#volumes.lister.get(named) : completed ? undefined : this.#find(claim);
    const usable = volume !== undefined && (isReservedFor(volume, claim) || (volume.spec?.claimRef === undefined && (completed || satisfies(volume, claim))));
    if (usable) return this.#bind(volume, claim, signal);
    if (completed) {
      this.#context.recorder.event({ object: claim, type: 'Warning', reason: 'ClaimLost', message: 'Bound claim has lost its PersistentVolume. Data on the volume is lost!' });
      await this.#setClaimStatus(claim, { phase: 'Lost' }, signal);
      return;
    }
    if (await this.#assignDefaultClass(claim, signal)) return;
    this.#explainWaiting(claim);
    await this.#setClaimStatus(claim, { ...claim.status, phase: 'Pending' }, signal);
  }

  /** A claim that came before there was a default class gets it once there is one; what follows is of the changed claim. */
  async #assignDefaultClass(claim: PersistentVolumeClaim, signal: AbortSignal): Promise<boolean> {
    const { annotations, uid, resourceVersion } = claim.metadata;
    if (claim.spec?.volumeName || claim.spec?.storageClassName !== undefined || annotations?.[CLASS_ANNOTATION] !== undefined) return false;
    const chosen = defaultStorageClass(this.#classes.lister.list());
    if (chosen === undefined) return false;
    const patch = { metadata: { uid, resourceVersion }, spec: { storageClassName: chosen.metadata.name } };
    await this.#context.client.patch(persistentvolumeclaims, targetOf(claim), { type: 'merge', patch }, { signal });
    return true;
  }

  #find(claim: PersistentVolumeClaim): PersistentVolume | undefined {
    return matchVolume(claim, this.#volumes.lister.list(), { reservedOnly: this.#classOf(claim)?.volumeBindingMode === 'WaitForFirstConsumer' });
  }

  #classOf({ spec }: PersistentVolumeClaim): StorageClass | undefined {
    return spec?.storageClassName ? this.#classes.lister.get(spec.storageClassName) : undefined;
  }

  #explainWaiting(claim: PersistentVolumeClaim): void {
    const { recorder } = this.#context;
    const name = claim.spec?.storageClassName;
    const found = this.#classOf(claim);
    if (claim.spec?.volumeName) return;
    if (!name) recorder.event({ object: claim, type: 'Normal', reason: 'FailedBinding', message: 'no persistent volumes available for this claim and no storage class is set' });
    else if (found === undefined) recorder.event({ object: claim, type: 'Warning', reason: 'ProvisioningFailed', message: `storageclass.storage.k8s.io "${name}" not found` });
    else if (found.volumeBindingMode === 'WaitForFirstConsumer') recorder.event({ object: claim, type: 'Normal', reason: 'WaitForFirstConsumer', message: 'waiting for first consumer to be created before binding' });
    else {
      const message = `Waiting for a volume to be created either by the external provisioner '${found.provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
      recorder.event({ object: claim, type: 'Normal', reason: 'ExternalProvisioning', message });
    }
  }

  /** In upstream's order, so that a bind cut short is completed by whoever comes next. */
  async #bind(volume: PersistentVolume, claim: PersistentVolumeClaim, signal: AbortSignal): Promise<void> {
    const { client } = this.#context;
    const { namespace, name, uid, resourceVersion } = claim.metadata;
    let bound = volume;
    if (volume.spec?.claimRef?.uid !== uid) {
      const annotations = volume.spec?.claimRef === undefined ? { [BOUND_BY_CONTROLLER]: 'yes' } : undefined;
      const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion };
      const patch = { metadata: { uid: volume.metadata.uid, resourceVersion: volume.metadata.resourceVersion, annotations }, spec: { claimRef } };
      bound = await client.patch(persistentvolumes, targetOf(volume), { type: 'merge', patch }, { signal });
    }
    await this.#setVolumePhase(bound, 'Bound', signal);
    let filled = claim;
    if (claim.spec?.volumeName !== volume.metadata.name || claim.metadata.annotations?.[BIND_COMPLETED] === undefined) {
      const annotations = { [BIND_COMPLETED]: 'yes', ...(!claim.spec?.volumeName && { [BOUND_BY_CONTROLLER]: 'yes' }) };
      const patch = { metadata: { uid, resourceVersion, annotations }, spec: { volumeName: volume.metadata.name } };
      filled = await client.patch(persistentvolumeclaims, targetOf(claim), { type: 'merge', patch }, { signal });
    }
    const capacity = filled.status?.phase === 'Bound' ? filled.status.capacity : volume.spec?.capacity;
    await this.#setClaimStatus(filled, { ...filled.status, phase: 'Bound', accessModes: volume.spec?.accessModes, capacity }, signal);
  }

  async #setVolumePhase(volume: PersistentVolume, phase: string, signal: AbortSignal): Promise<void> {
    if (volume.status?.phase === phase) return;
    const status = { ...volume.status, phase, lastPhaseTransitionTime: formatTime(this.#context.clock.now()) };
    await patchStatus(this.#context.client, { resource: persistentvolumes, object: volume, status, signal });
  }

  async #setClaimStatus(claim: PersistentVolumeClaim, status: PersistentVolumeClaimStatus, signal: AbortSignal): Promise<void> {
    await patchStatus(this.#context.client, { resource: persistentvolumeclaims, object: claim, status, signal });
  }
}

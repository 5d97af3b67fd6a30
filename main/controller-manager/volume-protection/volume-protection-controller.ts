import type { Resource } from '../../../kube/apimachinery/gvr.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import { type PersistentVolume, type PersistentVolumeClaim, persistentvolumeclaims, persistentvolumes, type Pod, pods } from '../../../kube/api/generated/core/v1.ts';
import { type VolumeAttributesClass, volumeattributesclasses } from '../../../kube/api/generated/storage/v1.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { keyOf, targetOf } from '../object-key.ts';
import { isPodTerminal } from '../pod-conditions.ts';

interface Protection<T extends KubernetesObject> {
  readonly name: string;
  readonly resource: Resource<T>;
  readonly finalizer: string;
  readonly inUse: (object: T) => boolean;
  readonly alsoWatch: readonly ControllerWatch[];
}

/** Keeps a finalizer on an object, and takes it off when the object is being deleted and nobody uses it. */
class ProtectionController<T extends KubernetesObject> implements Controller {
  readonly name: string;
  readonly workers = 2;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #protection: Protection<T>;
  readonly #informer: Informer<T>;

  constructor(context: ControllerContext, protection: Protection<T>) {
    this.name = protection.name;
    this.#context = context;
    this.#protection = protection;
    this.#informer = context.informers.informer(protection.resource);
    this.watches = [{ informer: this.#informer, keysFor: (object: T) => [keyOf(object)] } as ControllerWatch, ...protection.alsoWatch];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const object = this.#informer.lister.get(key);
    if (object === undefined) return;
    const { finalizer, inUse, resource } = this.#protection;
    const { finalizers = [], deletionTimestamp, uid, resourceVersion } = object.metadata;
    const has = finalizers.includes(finalizer);
    const wants = deletionTimestamp === undefined || inUse(object);
    if (has === wants || (deletionTimestamp !== undefined && !has)) return;
    const next = wants ? [...finalizers, finalizer] : finalizers.filter((other) => other !== finalizer);
    const patch = { metadata: { uid, resourceVersion, finalizers: next.length > 0 ? next : null } };
    await this.#context.client.patch(resource, targetOf(object), { type: 'merge', patch }, { signal });
  }
}

export function newClaimProtection(context: ControllerContext): Controller {
  const podInformer = context.informers.informer(pods);
  const claimsOf = (pod: Pod): string[] =>
    (pod.spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
      const claim = persistentVolumeClaim?.claimName ?? (ephemeral === undefined ? undefined : `${pod.metadata.name}-${name}`);
      return claim === undefined ? [] : [`${pod.metadata.namespace}/${claim}`];
    });
  return new ProtectionController<PersistentVolumeClaim>(context, {
    name: 'persistentvolumeclaim-protection-controller',
    resource: persistentvolumeclaims,
    finalizer: 'kubernetes.io/pvc-protection',
    inUse: (claim) => podInformer.lister.list({ namespace: claim.metadata.namespace }).some((pod) => !isPodTerminal(pod) && Boolean(pod.spec.nodeName) && claimsOf(pod).includes(keyOf(claim))),
    alsoWatch: [{ informer: podInformer, keysFor: claimsOf } as ControllerWatch],
  });
}

export function newVolumeProtection(context: ControllerContext): Controller {
  return new ProtectionController<PersistentVolume>(context, {
    name: 'persistentvolume-protection-controller',
    resource: persistentvolumes,
    finalizer: 'kubernetes.io/pv-protection',
    inUse: ({ status }) => status?.phase === 'Bound',
    alsoWatch: [],
  });
}

/** A class of attributes is in use by volumes that have it and by claims that have it or are on their way to it. */
export function newVolumeAttributesClassProtection(context: ControllerContext): Controller {
  const claims = context.informers.informer(persistentvolumeclaims);
  const volumes = context.informers.informer(persistentvolumes);
  const namesOf = (...names: readonly (string | undefined)[]): string[] => names.filter((name) => name !== undefined && name !== '') as string[];
  const ofVolume = ({ spec }: PersistentVolume): string[] => namesOf(spec?.volumeAttributesClassName);
  const ofClaim = ({ spec, status }: PersistentVolumeClaim): string[] =>
    namesOf(spec?.volumeAttributesClassName, status?.currentVolumeAttributesClassName, status?.modifyVolumeStatus?.targetVolumeAttributesClassName);
  return new ProtectionController<VolumeAttributesClass>(context, {
    name: 'volumeattributesclass-protection-controller',
    resource: volumeattributesclasses,
    finalizer: 'kubernetes.io/vac-protection',
    inUse: ({ metadata: { name } }) => volumes.lister.list().some((volume) => ofVolume(volume).includes(name)) || claims.lister.list().some((claim) => ofClaim(claim).includes(name)),
    alsoWatch: [
      { informer: volumes, keysFor: (volume: PersistentVolume, previous?: PersistentVolume) => [...ofVolume(volume), ...(previous === undefined ? [] : ofVolume(previous))] } as ControllerWatch,
      { informer: claims, keysFor: (claim: PersistentVolumeClaim, previous?: PersistentVolumeClaim) => [...ofClaim(claim), ...(previous === undefined ? [] : ofClaim(previous))] } as ControllerWatch,
    ],
  });
}

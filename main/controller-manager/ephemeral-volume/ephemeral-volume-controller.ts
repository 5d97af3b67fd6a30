import { type PersistentVolumeClaim, persistentvolumeclaims, type Pod, pods, type Volume } from '../../../kube/api/generated/core/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import { isControlledBy, newControllerRef } from '../controller-ref.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { keyOf } from '../object-key.ts';

/** Makes the claims of pods' generic ephemeral volumes, `POD-VOLUME`, which go with the pod (upstream: pkg/controller/volume/ephemeral). Key: the pod. */
export class EphemeralVolumeController implements Controller {
  readonly name = 'ephemeral-volume-controller';
  readonly workers = 1;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #pods: Informer<Pod>;
  readonly #claims: Informer<PersistentVolumeClaim>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#pods = context.informers.informer(pods);
    this.#claims = context.informers.informer(persistentvolumeclaims);
    this.watches = [
      { informer: this.#pods, keysFor: (pod: Pod) => (pod.spec?.volumes?.some(({ ephemeral }) => ephemeral !== undefined) ? [keyOf(pod)] : []) },
      { informer: this.#claims, keysFor: (claim: PersistentVolumeClaim) => (claim.metadata.ownerReferences ?? []).flatMap(({ kind, name }) => (kind === 'Pod' ? [`${claim.metadata.namespace}/${name}`] : [])) },
    ] as readonly ControllerWatch[];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const pod = this.#pods.lister.get(key);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return;
    for (const volume of pod.spec?.volumes ?? []) await this.#ensureClaim(pod, volume, signal);
  }

  async #ensureClaim(pod: Pod, volume: Volume, signal: AbortSignal): Promise<void> {
    if (volume.ephemeral === undefined) return;
    try {
      const claim = newEphemeralClaim(pod, volume);
      const known = this.#claims.lister.get(keyOf(claim));
      if (known === undefined) await this.#context.client.create(persistentvolumeclaims, claim, { signal });
      else if (!isControlledBy(known, pod)) throw new Error(`PVC ${keyOf(known)} was not created for pod ${keyOf(pod)} (pod is not owner)`);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#context.recorder.event({ object: pod, type: 'Warning', reason: 'FailedBinding', message: `ephemeral volume ${volume.name}: ${text}` });
      throw error;
    }
  }
}

function newEphemeralClaim(pod: Pod, { name, ephemeral }: Volume): PersistentVolumeClaim {
  const { metadata, spec } = ephemeral?.volumeClaimTemplate ?? {};
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: `${pod.metadata.name}-${name}`,
      namespace: pod.metadata.namespace,
      labels: metadata?.labels,
      annotations: metadata?.annotations,
      ownerReferences: [newControllerRef(pod)],
    },
    spec: spec ?? {},
  };
}

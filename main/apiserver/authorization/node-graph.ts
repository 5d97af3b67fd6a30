import type { PersistentVolume, Pod } from '../../../kube/api/generated/core/v1.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { ObjectMirror } from '../registry/object-mirror.ts';

/**
 * Which objects belong to which node through the pods bound to it (upstream: plugin/pkg/auth/authorizer/node/graph.go).
 *
 *   pod a/p on node n, with volume secret s  →  n may see pods:a/p, secrets:a/s, and the pod's service account
 *   claim a/c of that pod, bound to volume v →  n may see persistentvolumes:v and the volume's secrets
 */
export class NodeGraph {
  /** pod key → node and what the pod refers to. */
  readonly #pods = new Map<string, { readonly nodeName: string; readonly refs: readonly string[] }>();
  /** object key → nodes with the number of pods that refer to it. */
  readonly #nodesOf = new Map<string, Map<string, number>>();
  /** volume name → claim key and secrets. */
  readonly #volumes = new Map<string, { readonly claim: string; readonly secrets: readonly string[] }>();
  /** What names its node itself: resource and name → node. */
  readonly #owners = new Map<string, string>();

  async follow(mirror: ObjectMirror): Promise<void> {
    await Promise.all([
      mirror.observe({ group: '', resource: 'pods' }, { clear: () => this.#clearPods(), set: (object) => this.#setPod(object as Pod), remove: (object) => this.#removePod(object) }),
      mirror.observe({ group: '', resource: 'persistentvolumes' }, {
        clear: () => this.#volumes.clear(), set: (object) => this.#setVolume(object as PersistentVolume), remove: ({ metadata }) => this.#volumes.delete(metadata.name),
      }),
      this.#followOwned(mirror, { group: 'storage.k8s.io', resource: 'volumeattachments' }),
      this.#followOwned(mirror, { group: 'resource.k8s.io', resource: 'resourceslices' }),
    ]);
  }

  #followOwned(mirror: ObjectMirror, resource: { readonly group: string; readonly resource: string }): Promise<void> {
    const key = ({ metadata }: KubernetesObject): string => keyOf(resource.resource, '', metadata.name);
    return mirror.observe(resource, {
      clear: () => {
        for (const known of this.#owners.keys()) if (known.startsWith(`${resource.resource}:`)) this.#owners.delete(known);
      },
      set: (object) => this.#owners.set(key(object), (object as KubernetesObject & { spec?: { nodeName?: string } }).spec?.nodeName ?? ''),
      remove: (object) => this.#owners.delete(key(object)),
    });
  }

  /** Whether the node has to do with the object. */
  reaches(nodeName: string, resource: string, { namespace, name }: { readonly namespace: string; readonly name: string }): boolean {
    if (resource === 'volumeattachments' || resource === 'resourceslices') return this.#owners.get(keyOf(resource, '', name)) === nodeName;
    if (this.#has(keyOf(resource, namespace, name), nodeName)) return true;
    if (resource === 'persistentvolumes') return this.#has(this.#volumes.get(name)?.claim ?? '', nodeName);
    if (resource !== 'secrets') return false;
    const key = keyOf('secrets', namespace, name);
    for (const { claim, secrets } of this.#volumes.values()) if (secrets.includes(key) && this.#has(claim, nodeName)) return true;
    return false;
  }

  #has(key: string, nodeName: string): boolean {
    return this.#nodesOf.get(key)?.has(nodeName) ?? false;
  }

  #setPod(pod: Pod): void {
    const key = podKey(pod);
    const nodeName = pod.spec?.nodeName ?? '';
    if (this.#pods.get(key)?.nodeName === nodeName && nodeName !== '' && !pod.spec?.ephemeralContainers?.length) return;
    this.#removePod(pod as KubernetesObject);
    if (nodeName === '') return;
    const refs = referencesOf(pod);
    this.#pods.set(key, { nodeName, refs });
    for (const ref of refs) {
      const nodes = this.#nodesOf.get(ref) ?? new Map<string, number>();
      this.#nodesOf.set(ref, nodes.set(nodeName, (nodes.get(nodeName) ?? 0) + 1));
    }
  }

  #removePod(object: KubernetesObject): void {
    const key = podKey(object as Pod);
    const known = this.#pods.get(key);
    if (!known) return;
    this.#pods.delete(key);
    for (const ref of known.refs) {
      const nodes = this.#nodesOf.get(ref);
      const left = (nodes?.get(known.nodeName) ?? 1) - 1;
      if (left > 0) nodes?.set(known.nodeName, left);
      else nodes?.delete(known.nodeName);
      if (nodes?.size === 0) this.#nodesOf.delete(ref);
    }
  }

  #clearPods(): void {
    this.#pods.clear();
    this.#nodesOf.clear();
  }

  #setVolume({ metadata, spec }: PersistentVolume): void {
    const claim = spec?.claimRef;
    if (!claim?.name) {
      this.#volumes.delete(metadata.name);
      return;
    }
    const csi = spec?.csi;
    const refs = [csi?.controllerPublishSecretRef, csi?.nodePublishSecretRef, csi?.nodeStageSecretRef, csi?.nodeExpandSecretRef];
    const secrets = refs.flatMap((ref) => (ref?.name ? [keyOf('secrets', ref.namespace ?? '', ref.name)] : []));
    this.#volumes.set(metadata.name, { claim: keyOf('persistentvolumeclaims', claim.namespace ?? '', claim.name), secrets });
  }
}

function podKey({ metadata }: Pod): string {
  return keyOf('pods', metadata.namespace ?? '', metadata.name);
}

function keyOf(resource: string, namespace: string, name: string): string {
  return `${resource}:${namespace}/${name}`;
}

/** Everything that the kubelet reads to run the pod. */
export function referencesOf(pod: Pod): string[] {
  const { spec, metadata: { namespace = '', name } } = pod;
  const refs = new Set([podKey(pod)]);
  const add = (resource: string, target: string | undefined): void => {
    if (target) refs.add(keyOf(resource, namespace, target));
  };
  add('serviceaccounts', spec?.serviceAccountName);
  for (const secret of spec?.imagePullSecrets ?? []) add('secrets', secret.name);
  for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])]) {
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      add('configmaps', configMapRef?.name);
      add('secrets', secretRef?.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      add('configmaps', valueFrom?.configMapKeyRef?.name);
      add('secrets', valueFrom?.secretKeyRef?.name);
    }
  }
  for (const volume of spec?.volumes ?? []) {
    add('configmaps', volume.configMap?.name);
    add('secrets', volume.secret?.secretName);
    add('secrets', volume.csi?.nodePublishSecretRef?.name);
    add('persistentvolumeclaims', volume.persistentVolumeClaim?.claimName);
    if (volume.ephemeral) add('persistentvolumeclaims', `${name}-${volume.name}`);
    for (const source of volume.projected?.sources ?? []) {
      add('configmaps', source.configMap?.name);
      add('secrets', source.secret?.name);
    }
  }
  for (const claim of spec?.resourceClaims ?? []) add('resourceclaims', claim.resourceClaimName);
  for (const claim of pod.status?.resourceClaimStatuses ?? []) add('resourceclaims', claim.resourceClaimName);
  return [...refs];
}

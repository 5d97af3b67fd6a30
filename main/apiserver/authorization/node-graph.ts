import type { PersistentVolume, PersistentVolumeSpec, Pod, PodResourceClaimStatus } from '../../../kube/api/generated/core/v1.ts';
import { deepEqual } from '../../../kube/apimachinery/json.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { referencesOfPod } from '../registry/core/pod/references.ts';
import type { ObjectMirror } from '../registry/object-mirror.ts';

interface KnownPod {
  readonly nodeName: string;
  readonly refs: readonly string[];
  readonly uid: string | undefined;
  /** How many ephemeral containers. */
  readonly debuggers: number;
  readonly claims: readonly PodResourceClaimStatus[] | undefined;
}

/**
 * Which objects belong to which node through the pods bound to it (upstream: plugin/pkg/auth/authorizer/node/graph.go).
 *
 *   pod a/p on node n, with volume secret s  →  n may see pods:a/p, secrets:a/s, and the pod's service account
 *   claim a/c of that pod, bound to volume v →  n may see persistentvolumes:v and the volume's secrets
 */
export class NodeGraph {
  /** pod key → node and what the pod refers to. */
  readonly #pods = new Map<string, KnownPod>();
  /** object key → nodes with the number of pods that refer to it. */
  readonly #nodesOf = new Map<string, Map<string, number>>();
  /** volume name → claim key and secrets. */
  readonly #volumes = new Map<string, { readonly claim: string; readonly secrets: readonly string[] }>();
  /** What names its node itself: resource and name → node. */
  readonly #owners = new Map<string, string>();

  /** `timed` runs what is done for an object, by upstream's name for it: `AddPod`. */
  async follow(mirror: ObjectMirror, timed: (action: string, run: () => void) => void = (_action, run) => run()): Promise<void> {
    const observe = (resource: { readonly group: string; readonly resource: string }, kind: string, { clear, set, remove }: Follower): Promise<void> =>
      mirror.observe(resource, { clear, set: (object) => timed(`Add${kind}`, () => set(object)), remove: (object) => timed(`Delete${kind}`, () => remove(object)) });
    await Promise.all([
      observe({ group: '', resource: 'pods' }, 'Pod', { clear: () => this.#clearPods(), set: (object) => this.#setPod(object as Pod), remove: (object) => this.#removePod(object) }),
      observe({ group: '', resource: 'persistentvolumes' }, 'PV', {
        clear: () => this.#volumes.clear(), set: (object) => this.#setVolume(object as PersistentVolume), remove: ({ metadata }) => void this.#volumes.delete(metadata.name),
      }),
      observe({ group: 'storage.k8s.io', resource: 'volumeattachments' }, 'VolumeAttachment', this.#owned('volumeattachments')),
      observe({ group: 'resource.k8s.io', resource: 'resourceslices' }, 'ResourceSlice', this.#owned('resourceslices')),
    ]);
  }

  #owned(resource: string): Follower {
    const key = ({ metadata }: KubernetesObject): string => keyOf(resource, '', metadata.name);
    return {
      clear: () => {
        for (const known of this.#owners.keys()) if (known.startsWith(`${resource}:`)) this.#owners.delete(known);
      },
      set: (object) => void this.#owners.set(key(object), (object as KubernetesObject & { spec?: { nodeName?: string } }).spec?.nodeName ?? ''),
      remove: (object) => void this.#owners.delete(key(object)),
    };
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
    const { nodeName = '' } = pod.spec ?? {};
    const known = this.#pods.get(key);
    if (nodeName === '' || (known && isUnchanged(known, pod))) return;
    this.#removePod(pod as KubernetesObject);
    const refs = referencesOf(pod);
    this.#pods.set(key, { nodeName, refs, uid: pod.metadata.uid, debuggers: pod.spec?.ephemeralContainers?.length ?? 0, claims: pod.status?.resourceClaimStatuses });
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
    const secrets = secretsOfVolume(spec).map(([namespace, name]) => keyOf('secrets', namespace, name));
    this.#volumes.set(metadata.name, { claim: keyOf('persistentvolumeclaims', claim.namespace ?? '', claim.name), secrets });
  }
}

interface Follower {
  readonly clear: () => void;
  readonly set: (object: KubernetesObject) => void;
  readonly remove: (object: KubernetesObject) => void;
}

function podKey({ metadata }: Pod): string {
  return keyOf('pods', metadata.namespace ?? '', metadata.name);
}

function keyOf(resource: string, namespace: string, name: string): string {
  return `${resource}:${namespace}/${name}`;
}

/** References do not change while a pod is on its node, but for what these tell of. */
function isUnchanged(known: KnownPod, { metadata, spec, status }: Pod): boolean {
  if (known.nodeName !== spec?.nodeName || known.uid !== metadata.uid || known.debuggers < (spec.ephemeralContainers?.length ?? 0)) return false;
  return known.claims === status?.resourceClaimStatuses || deepEqual(known.claims ?? [], status?.resourceClaimStatuses ?? []);
}

/** Everything that the kubelet reads to run the pod. A mirror pod, which the kubelet has made itself, opens nothing to it. */
export function referencesOf(pod: Pod): string[] {
  const { spec, status, metadata: { namespace = '', name, annotations } } = pod;
  if (annotations?.['kubernetes.io/config.mirror'] !== undefined) return [podKey(pod)];
  const refs = new Set([podKey(pod)]);
  const add = (resource: string, target: string | undefined): void => {
    if (target) refs.add(keyOf(resource, namespace, target));
  };
  const { secrets, configMaps } = referencesOfPod(pod);
  add('serviceaccounts', spec?.serviceAccountName);
  for (const secret of secrets) add('secrets', secret);
  for (const configMap of configMaps) add('configmaps', configMap);
  for (const volume of spec?.volumes ?? []) {
    if (volume.persistentVolumeClaim) add('persistentvolumeclaims', volume.persistentVolumeClaim.claimName);
    else if (volume.ephemeral) add('persistentvolumeclaims', `${name}-${volume.name}`);
  }
  for (const claim of spec?.resourceClaims ?? []) {
    const made = claim.resourceClaimTemplateName ? status?.resourceClaimStatuses?.find((entry) => entry.name === claim.name) : undefined;
    add('resourceclaims', claim.resourceClaimName ?? made?.resourceClaimName);
  }
  add('resourceclaims', status?.extendedResourceClaimStatus?.resourceClaimName);
  return [...refs];
}

/** Namespace and name of the secrets that kubelets need for a volume (upstream: pkg/api/v1/persistentvolume VisitPVSecretNames). */
function secretsOfVolume({ azureFile, cephfs, cinder, flexVolume, rbd, scaleIO, iscsi, storageos, csi, claimRef }: PersistentVolumeSpec): (readonly [string, string])[] {
  const ofClaim = claimRef?.namespace ?? '';
  const refs = [
    azureFile && { name: azureFile.secretName, namespace: azureFile.secretNamespace || ofClaim },
    ...[cephfs, flexVolume, rbd, scaleIO, iscsi].map((source) => source?.secretRef && { name: source.secretRef.name, namespace: source.secretRef.namespace || ofClaim }),
    cinder?.secretRef, storageos?.secretRef, csi?.nodePublishSecretRef, csi?.nodeStageSecretRef, csi?.nodeExpandSecretRef,
  ];
  return refs.flatMap((ref) => (ref?.name ? [[ref.namespace ?? '', ref.name] as const] : []));
}

import type { Pod, Volume, VolumeProjection } from '../../../../kube/api/generated/core/v1.ts';
import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import { referencesOfPod } from '../../registry/core/pod/references.ts';

/** Volumes that need nothing of the API, in the order in which a volume of several sources is judged. */
const FREE = [
  'awsElasticBlockStore', 'azureDisk', 'cephfs', 'cinder', 'downwardAPI', 'emptyDir', 'fc', 'flexVolume', 'flocker', 'gcePersistentDisk', 'gitRepo', 'hostPath', 'image', 'iscsi', 'nfs',
  'photonPersistentDisk', 'portworxVolume', 'quobyte', 'rbd', 'scaleIO', 'storageos', 'vsphereVolume',
] as const satisfies readonly (keyof Volume)[];

const BOUND: readonly (readonly [keyof Volume, string])[] = [
  ['configMap', 'configmaps (via configmap volumes)'], ['secret', 'secrets (via secret volumes)'], ['csi', 'csidrivers (via CSI volumes)'], ['glusterfs', 'endpoints (via glusterFS volumes)'],
  ['persistentVolumeClaim', 'persistentvolumeclaims'], ['ephemeral', 'persistentvolumeclaims (via ephemeral volumes)'], ['azureFile', 'secrets (via azureFile volumes)'],
];

const PROJECTED: readonly (readonly [keyof VolumeProjection, string])[] = [
  ['configMap', 'configmaps (via projected volumes)'], ['secret', 'secrets (via projected volumes)'], ['serviceAccountToken', 'serviceaccounts (via projected volumes)'],
  ['clusterTrustBundle', 'clustertrustbundles'], ['podCertificate', 'podcertificates'],
];

/** What other objects the pod has to do with, or what about it is not known; undefined when it stands alone (upstream: pkg/api/pod HasAPIObjectReference). */
export function referenceOfMirrorPod(pod: Pod): { readonly resource: string } | { readonly problem: string } | undefined {
  const { secrets, configMaps } = referencesOfPod(pod);
  if (pod.spec?.serviceAccountName) return { resource: 'serviceaccounts' };
  if (secrets.length > 0) return { resource: 'secrets' };
  if (configMaps.length > 0) return { resource: 'configmaps' };
  if (pod.spec?.resourceClaims?.length) return { resource: 'resourceclaims' };
  for (const volume of pod.spec?.volumes ?? []) {
    const found = referenceOfVolume(volume);
    if (found) return found;
  }
  return undefined;
}

function referenceOfVolume(volume: Volume): ReturnType<typeof referenceOfMirrorPod> {
  if (FREE.some((source) => volume[source] !== undefined)) return undefined;
  const bound = BOUND.find(([source]) => volume[source] !== undefined);
  if (bound) return { resource: bound[1] };
  if (!volume.projected) return { problem: `unknown volume type for volume  ${goQuote(volume.name)}` };
  for (const projection of volume.projected.sources ?? []) {
    const source = PROJECTED.find(([name]) => projection[name] !== undefined);
    if (source) return { resource: source[1] };
    if (!projection.downwardAPI) return { problem: `unknown source for projected volume ${goQuote(volume.name)}` };
  }
  return undefined;
}

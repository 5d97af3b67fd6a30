import type { TokenRequest } from '../../../../kube/api/generated/authentication/v1.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../../../kube/api/generated/core/v1.ts';
import type { CSIDriver } from '../../../../kube/api/generated/storage/v1.ts';
import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import { newNotFound } from '../../../../kube/apimachinery/status-errors.ts';
import { StatusError } from '../../../../kube/apimachinery/status.ts';
import type { ObjectReader } from '../../authentication/object-reader.ts';
import { forbidden } from '../refusal.ts';
import type { NodeRequest } from './node-restriction.ts';

const CORE = { group: '' };
const DRIVERS = { group: 'storage.k8s.io', resource: 'csidrivers' };

/** The drivers to which volumes of earlier kinds have moved (upstream: csi-translation-lib). */
const MIGRATED = {
  awsElasticBlockStore: 'ebs.csi.aws.com', azureDisk: 'disk.csi.azure.com', azureFile: 'file.csi.azure.com', cinder: 'cinder.csi.openstack.org', gcePersistentDisk: 'pd.csi.storage.gke.io',
  portworxVolume: 'pxd.portworx.com', vsphereVolume: 'csi.vsphere.vmware.com',
} as const;

/** A kubelet asks for tokens of pods that are bound to it, for the audiences that these pods' volumes name. */
export async function checkToken({ reader, authorizer, attributes, nodeName }: NodeRequest): Promise<void> {
  if (attributes.operation !== 'CREATE' || attributes.subresource !== 'token') return;
  const { audiences = [], boundObjectRef: ref } = (attributes.object as TokenRequest).spec ?? {};
  if (ref?.kind !== 'Pod' || ref.apiVersion !== 'v1' || !ref.name) throw forbidden(attributes, 'node requested token not bound to a pod');
  if (!ref.uid) throw forbidden(attributes, 'node requested token with a pod binding without a uid');
  const pod = await reader.get<Pod>({ ...CORE, resource: 'pods' }, { namespace: attributes.namespace, name: ref.name });
  if (!pod) throw newNotFound({ group: '', resource: 'pod' }, ref.name);
  if (ref.uid !== pod.metadata.uid) {
    throw forbidden(attributes, `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`);
  }
  if (pod.spec?.nodeName !== nodeName) throw forbidden(attributes, 'node requested token bound to a pod scheduled on a different node');
  if (audiences.length > 1) throw forbidden(attributes, 'node may only request 0 or 1 audiences');
  const [audience = ''] = audiences;
  const problems = await audienceProblems(reader, { pod, audience });
  if (problems === undefined) return;
  const quoted = goQuote(audience);
  if (problems.length > 0) throw forbidden(attributes, `error validating audience ${quoted}: ${problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`}`);
  const { user, namespace, name } = attributes;
  const { decision } = await authorizer.authorize({
    user, verb: 'request-serviceaccounts-token-audience', namespace, apiGroup: '', apiVersion: 'v1', resource: audience, subresource: '', name, isResourceRequest: true, path: '',
  });
  if (decision !== 'allow') throw forbidden(attributes, `audience ${quoted} not found in pod spec volume, ${user.name} is not authorized to request tokens for this audience`);
}

/** Undefined when a volume of the pod has need of the audience; else what could not be found out. */
async function audienceProblems(reader: ObjectReader, { pod, audience }: { readonly pod: Pod; readonly audience: string }): Promise<readonly string[] | undefined> {
  const problems = new Set<string>();
  for (const volume of pod.spec?.volumes ?? []) {
    if (volume.projected?.sources?.some(({ serviceAccountToken: token }) => token !== undefined && (token.audience ?? '') === audience)) return undefined;
    try {
      const name = await driverOf(reader, { pod, volume });
      if (name === undefined) continue;
      const driver = await reader.get<CSIDriver>(DRIVERS, { name });
      if (!driver) throw newNotFound({ group: DRIVERS.group, resource: 'csidriver' }, name);
      if (driver.spec.tokenRequests?.some((request) => request.audience === audience)) return undefined;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      problems.add(error.message);
    }
  }
  return [...problems];
}

async function driverOf(reader: ObjectReader, { pod, volume }: { readonly pod: Pod; readonly volume: Volume }): Promise<string | undefined> {
  const namespace = pod.metadata.namespace ?? '';
  if (volume.ephemeral?.volumeClaimTemplate) return driverOfClaim(reader, { namespace, name: `${pod.metadata.name}-${volume.name}` });
  if (volume.persistentVolumeClaim) return driverOfClaim(reader, { namespace, name: volume.persistentVolumeClaim.claimName });
  return volume.csi?.driver ?? migratedDriver(volume);
}

async function driverOfClaim(reader: ObjectReader, target: { readonly namespace: string; readonly name: string }): Promise<string | undefined> {
  const claim = await reader.get<PersistentVolumeClaim>({ ...CORE, resource: 'persistentvolumeclaims' }, target);
  if (!claim) throw newNotFound({ ...CORE, resource: 'persistentvolumeclaim' }, target.name);
  const name = claim.spec?.volumeName ?? '';
  const volume = name === '' ? undefined : await reader.get<PersistentVolume>({ ...CORE, resource: 'persistentvolumes' }, { name });
  if (!volume) throw newNotFound({ ...CORE, resource: 'persistentvolume' }, name);
  return volume.spec?.csi?.driver ?? migratedDriver(volume.spec ?? {});
}

function migratedDriver(source: Partial<Record<keyof typeof MIGRATED, unknown>>): string | undefined {
  const kind = (Object.keys(MIGRATED) as (keyof typeof MIGRATED)[]).find((name) => source[name] !== undefined);
  return kind && MIGRATED[kind];
}

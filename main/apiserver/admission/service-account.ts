import type { Container, Pod, ServiceAccount, Volume } from '../../../kube/api/generated/core/v1.ts';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { Random } from '../../../kube/apimachinery/random.ts';
import { failureStatus, StatusError } from '../../../kube/apimachinery/status.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import { referencesOfPod } from '../registry/core/pod/references.ts';
import { randomSuffix } from '../registry/generic/generate-name.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { isLimited, unlistedSecret, unlistedVariable } from './mountable-secrets.ts';
import { forbidden, isFor, refusedName } from './refusal.ts';

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const TOKEN_VOLUME = 'kube-api-access';
const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';
/** The default account of a namespace just made appears a moment after it: upstream's waits. */
const DEFAULT_ACCOUNT_ATTEMPTS = 10;
const WAIT_MS = 100;
/** An hour and a bit: the kubelet renews before. */
const TOKEN_SECONDS = 3607;

/** Gives every pod its service account, the account's token and its pull secrets (upstream: plugin/pkg/admission/serviceaccount). */
export function serviceAccountAdmission({ reader, clock, random }: { readonly reader: ObjectReader; readonly clock: Clock; readonly random: Random }): AdmissionPlugin {
  const find = async (namespace: string, name: string, signal?: AbortSignal): Promise<ServiceAccount | undefined> => {
    const attempts = name === 'default' ? DEFAULT_ACCOUNT_ATTEMPTS : 1;
    for (let attempt = 1; ; attempt++) {
      const account = await reader.get<ServiceAccount>({ group: '', resource: 'serviceaccounts' }, { namespace, name });
      if (account || attempt >= attempts) return account;
      await clock.sleep(WAIT_MS / 2 + random.next() * WAIT_MS, signal);
    }
  };
  const accountOf = async (attributes: AdmissionAttributes, { name, signal }: { readonly name: string; readonly signal?: AbortSignal | undefined }): Promise<ServiceAccount> => {
    const problem = refusedName(name);
    const account = problem === undefined ? await find(attributes.namespace, name, signal) : undefined;
    if (account) return account;
    throw forbidden(attributes, `error looking up service account ${attributes.namespace}/${name}: ${problem ?? `serviceaccount "${name}" not found`}`);
  };
  return {
    name: 'ServiceAccount',
    handles: (attributes) => isFor(attributes, 'pods', { operations: ['CREATE'] }) || isFor(attributes, 'pods', { operations: ['UPDATE'], subresources: ['ephemeralcontainers'] }),
    async mutate(attributes, signal) {
      const pod = attributes.object as Pod;
      if (attributes.operation !== 'CREATE') return pod;
      if (isMirror(pod)) {
        checkMirrorPod(attributes, pod);
        return pod;
      }
      const name = pod.spec?.serviceAccountName || 'default';
      const account = await accountOf(attributes, { name, signal });
      const object = withAccount(pod, { name, account, random });
      checkSecrets(attributes, { pod: object, account });
      return object;
    },
    async validate(attributes, signal) {
      const pod = attributes.object as Pod;
      if (attributes.operation === 'CREATE' && isMirror(pod)) return checkMirrorPod(attributes, pod);
      const name = pod.spec?.serviceAccountName ?? '';
      if (name === '') throw forbidden(attributes, `no service account specified for pod ${attributes.namespace}/${pod.metadata.name ?? ''}`);
      checkSecrets(attributes, { pod, account: await accountOf(attributes, { name, signal }) });
    },
  };
}

function checkSecrets(attributes: AdmissionAttributes, { pod, account }: { readonly pod: Pod; readonly account: ServiceAccount }): void {
  if (!isLimited(account)) return;
  const isNew = attributes.operation === 'CREATE';
  const refusal = isNew ? unlistedSecret(pod, account) : unlistedVariable(pod.spec?.ephemeralContainers, { kind: 'ephemeral container', account });
  if (refusal === undefined) return;
  throw isNew ? forbidden(attributes, refusal) : new StatusError(failureStatus({ code: 500, reason: '', message: refusal }));
}

function isMirror({ metadata }: Pod): boolean {
  return metadata.annotations?.[MIRROR_ANNOTATION] !== undefined;
}

function checkMirrorPod(attributes: AdmissionAttributes, pod: Pod): void {
  if (pod.spec?.serviceAccountName) throw forbidden(attributes, 'a mirror pod may not reference service accounts');
  if (referencesOfPod(pod).secrets.length > 0) throw forbidden(attributes, 'a mirror pod may not reference secrets');
  const usesToken = pod.spec?.volumes?.some((volume) => volume.projected?.sources?.some((source) => source.serviceAccountToken));
  if (usesToken) throw forbidden(attributes, 'a mirror pod may not use ServiceAccountToken volume projections');
}

function withAccount(pod: Pod, { name, account, random }: { readonly name: string; readonly account: ServiceAccount; readonly random: Random }): Pod {
  const spec = { ...pod.spec, serviceAccountName: name, serviceAccount: name } as NonNullable<Pod['spec']>;
  if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(spec, random);
  if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) spec.imagePullSecrets = [...account.imagePullSecrets];
  return { ...pod, spec };
}

function mountToken(spec: NonNullable<Pod['spec']>, random: Random): void {
  const own = spec.volumes?.find((volume) => volume.name.startsWith(`${TOKEN_VOLUME}-`))?.name;
  const name = own ?? `${TOKEN_VOLUME}-${randomSuffix(random)}`;
  let needed = false;
  const mounted = (container: Container): Container => {
    if (container.volumeMounts?.some((mount) => mount.mountPath === MOUNT_PATH)) return container;
    needed = true;
    return { ...container, volumeMounts: [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: MOUNT_PATH }] };
  };
  if (spec.initContainers) spec.initContainers = spec.initContainers.map(mounted);
  spec.containers = (spec.containers ?? []).map(mounted);
  if (needed && own === undefined) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  };
}

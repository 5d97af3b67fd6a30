import { configmaps, type Pod, pods, type Secret, secrets, type ServiceAccount, serviceaccounts } from '../../../kube/api/generated/core/v1.ts';
import { isConflict, isNotFound } from '../../../kube/apimachinery/status.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { keyOf, targetOf } from '../object-key.ts';
import { dayAfter, INVALID_SINCE_LABEL, planLegacyToken } from './plan-legacy-token.ts';

const TOKEN_TYPE = 'kubernetes.io/service-account-token';
const TRACKING = { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' };
/** As upstream's --legacy-service-account-token-clean-up-period. */
const UNUSED_MS = 365 * 86_400_000;
const SYNC_MS = 86_400_000;

/** Takes tokens in Secrets that nobody has used for a year out of use, and removes them after another; each is looked at once a day. */
export class LegacyTokenCleaner implements Controller {
  readonly name = 'legacy-serviceaccount-token-cleaner-controller';
  readonly workers = 1;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #secrets: Informer<Secret>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#secrets = context.informers.informer(secrets);
    const keysFor = (secret: Secret): readonly string[] => (secret.type === TOKEN_TYPE ? [keyOf(secret)] : []);
    this.watches = [
      { informer: this.#secrets, keysFor },
      { informer: context.informers.informer(serviceaccounts), keysFor: () => [] }, { informer: context.informers.informer(pods), keysFor: () => [] },
    ] as readonly ControllerWatch[];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | void> {
    const secret = this.#secrets.lister.get(key);
    if (secret === undefined) return;
    const { client, clock } = this.#context;
    const trackedSinceMs = dayAfter((await client.get(configmaps, TRACKING, { signal })).data?.['since']);
    const nowMs = clock.now();
    if (trackedSinceMs === undefined || nowMs < trackedSinceMs + UNUSED_MS) return { requeueAfterMs: SYNC_MS };
    const plan = planLegacyToken({ secret, account: this.#accountOf(secret), mounted: this.#isMounted(secret) }, { nowMs, unusedMs: UNUSED_MS });
    if (plan.action === 'invalidate') {
      const patch = { metadata: { uid: secret.metadata.uid, labels: { [INVALID_SINCE_LABEL]: plan.since } } };
      await client.patch(secrets, targetOf(secret), { type: 'merge', patch }, { signal });
    }
    if (plan.action === 'delete') {
      const preconditions = { resourceVersion: secret.metadata.resourceVersion };
      await client.delete(secrets, targetOf(secret), { preconditions, signal }).catch((error: unknown) => {
        if (!isConflict(error) && !isNotFound(error)) throw error;
      });
    }
    return { requeueAfterMs: SYNC_MS };
  }

  #accountOf({ metadata }: Secret): ServiceAccount | undefined {
    const name = metadata.annotations?.['kubernetes.io/service-account.name'];
    const uid = metadata.annotations?.['kubernetes.io/service-account.uid'];
    const account = name ? this.#context.informers.informer(serviceaccounts).lister.get(`${metadata.namespace}/${name}`) : undefined;
    return uid && uid !== account?.metadata.uid ? undefined : account;
  }

  #isMounted({ metadata: { namespace, name } }: Secret): boolean {
    return this.#context.informers.informer(pods).lister.list({ namespace }).some((pod) => refersTo(pod, name));
  }
}

/** Upstream's VisitPodSecretNames; a Secret's name stands nowhere else under these fields. */
function refersTo({ spec }: Pod, secretName: string): boolean {
  const isName = (value: unknown): boolean => value === secretName;
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
  return (
    (spec.imagePullSecrets ?? []).some(({ name }) => isName(name)) ||
    containers.some(({ env = [], envFrom = [] }) => env.some(({ valueFrom }) => isName(valueFrom?.secretKeyRef?.name)) || envFrom.some(({ secretRef }) => isName(secretRef?.name))) ||
    (spec.volumes ?? []).some((volume) =>
      isName(volume.secret?.secretName) || (volume.projected?.sources ?? []).some(({ secret }) => isName(secret?.name)) ||
      [volume.cephfs, volume.flexVolume, volume.rbd, volume.scaleIO, volume.storageos, volume.iscsi].some((source) => isName(source?.secretRef?.name)) ||
      isName(volume.azureFile?.secretName) || isName(volume.csi?.nodePublishSecretRef?.name),
    )
  );
}

import type { Resource } from '../../kube/apimachinery/gvr.ts';
import type { KubernetesObject } from '../../kube/apimachinery/object-meta.ts';
import { isInvalid, isNotFound } from '../../kube/apimachinery/status.ts';
import type { Client } from '../../kube/client/client.ts';
import { controllerOf, newControllerRef } from './controller-ref.ts';
import { targetOf } from './object-key.ts';

export type ClaimDecision = 'own' | 'adopt' | 'release' | 'ignore';

/** Upstream: BaseControllerRefManager.ClaimObject. */
export function decideClaim(
  object: KubernetesObject,
  options: { readonly owner: KubernetesObject; readonly matches: boolean },
): ClaimDecision {
  const { owner, matches } = options;
  const controller = controllerOf(object);
  if (controller !== undefined) {
    if (controller.uid !== owner.metadata.uid) return 'ignore';
    if (matches) return 'own';
    return owner.metadata.deletionTimestamp === undefined ? 'release' : 'ignore';
  }
  const going = owner.metadata.deletionTimestamp !== undefined || object.metadata.deletionTimestamp !== undefined;
  return matches && !going ? 'adopt' : 'ignore';
}

/** Those of `candidates` that `owner` controls after adopting matching orphans and releasing what no longer matches. */
export async function claim<T extends KubernetesObject>(
  client: Client,
  options: {
    readonly resource: Resource<T>;
    readonly ownerResource: Resource<never>;
    readonly owner: KubernetesObject;
    readonly candidates: readonly T[];
    readonly matches: (object: T) => boolean;
    /** Comes with the claim and goes with it. */
    readonly finalizer?: string;
    readonly signal: AbortSignal;
  },
): Promise<readonly T[]> {
  const claimed: T[] = [];
  let ownerConfirmed = false;
  for (const object of options.candidates) {
    const decision = decideClaim(object, { owner: options.owner, matches: options.matches(object) });
    if (decision === 'own') claimed.push(object);
    if (decision === 'release') await release(client, { ...options, object });
    if (decision !== 'adopt') continue;
    if (!ownerConfirmed && !(await ownerStillThere(client, options))) return claimed;
    ownerConfirmed = true;
    const adopted = await adopt(client, { ...options, object });
    if (adopted !== undefined) claimed.push(adopted);
  }
  return claimed;
}

interface ClaimCall<T> {
  readonly resource: Resource<T>;
  readonly owner: KubernetesObject;
  readonly object: T;
  readonly finalizer?: string;
  readonly signal: AbortSignal;
}

/** The cache may be stale: an owner that is being deleted must adopt nothing. */
async function ownerStillThere(
  client: Client,
  { owner, ownerResource, signal }: { readonly owner: KubernetesObject; readonly ownerResource: Resource<never>; readonly signal: AbortSignal },
): Promise<boolean> {
  const fresh = (await client.get<KubernetesObject>(ownerResource, targetOf(owner), { signal })) as KubernetesObject;
  return fresh.metadata.uid === owner.metadata.uid && fresh.metadata.deletionTimestamp === undefined;
}

async function adopt<T extends KubernetesObject>(client: Client, { resource, owner, object, finalizer, signal }: ClaimCall<T>): Promise<T | undefined> {
  const patch = { metadata: { uid: object.metadata.uid, ownerReferences: [newControllerRef(owner)], ...(finalizer !== undefined && { finalizers: [finalizer] }) } };
  try {
    return await client.patch(resource, targetOf(object), { type: 'strategic', patch }, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function release<T extends KubernetesObject>(client: Client, { resource, owner, object, finalizer, signal }: ClaimCall<T>): Promise<void> {
  const without = finalizer === undefined ? {} : { '$deleteFromPrimitiveList/finalizers': [finalizer] };
  const patch = { metadata: { uid: object.metadata.uid, ownerReferences: [{ $patch: 'delete', uid: owner.metadata.uid }], ...without } };
  try {
    await client.patch(resource, targetOf(object), { type: 'strategic', patch }, { signal });
  } catch (error) {
    if (!isNotFound(error) && !isInvalid(error)) throw error;
  }
}

import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { Resource } from '../../../kube/apimachinery/gvr.ts';
import { isAlreadyExists } from '../../../kube/apimachinery/status.ts';
import { type ControllerRevision, controllerrevisions } from '../../../kube/api/generated/apps/v1.ts';
import type { LabelSelector } from '../../../kube/api/generated/meta/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import { claim } from '../claim.ts';
import { CONTROLLER_INDEX, controllerIndex, orphanIndexValue } from '../controller-ref.ts';
import type { ControllerContext } from '../controller-context.ts';
import { targetOf } from '../object-key.ts';
import { selectorMatcher } from '../selector-matcher.ts';
import { byRevision, newRevision, type RevisionNaming, revisionHash, sameRevision } from './controller-revision.ts';

export interface RevisionOwner {
  readonly object: KubernetesObject;
  readonly resource: Resource<never>;
  readonly naming: RevisionNaming;
  readonly selector: LabelSelector;
  readonly template: object | undefined;
  readonly labels: Record<string, string> | undefined;
  readonly collisionCount: number;
  readonly limit: number;
}

export interface RevisionState {
  readonly current: ControllerRevision;
  readonly old: readonly ControllerRevision[];
  readonly collisionCount: number;
}

/** Keeps the ControllerRevisions of DaemonSets and StatefulSets: what `kubectl rollout history` and `undo` work on. */
export class RevisionHistory {
  readonly informer: Informer<ControllerRevision>;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.informer = context.informers.informer(controllerrevisions, { indexers: { [CONTROLLER_INDEX]: controllerIndex } });
  }

  async sync(owner: RevisionOwner, signal: AbortSignal): Promise<RevisionState> {
    const { lister } = this.informer;
    const { client } = this.#context;
    const claimed = await claim(client, {
      resource: controllerrevisions,
      ownerResource: owner.resource,
      owner: owner.object,
      candidates: [
        ...lister.byIndex(CONTROLLER_INDEX, owner.object.metadata.uid ?? ''),
        ...lister.byIndex(CONTROLLER_INDEX, orphanIndexValue(owner.object.metadata.namespace)),
      ],
      matches: selectorMatcher(owner.selector),
      signal,
    });
    const sorted = claimed.toSorted(byRevision);
    const newest = (sorted.at(-1)?.revision ?? 0) + 1;
    const wanted = newRevision(owner.object, { ...owner, revision: newest });
    const equal = sorted.findLast((revision) => sameRevision(revision, wanted));
    const old = sorted.filter((revision) => revision !== equal);
    if (equal === undefined) return this.#create(wanted, { old, owner, signal });
    if (equal.revision === newest - 1) return { current: equal, old, collisionCount: owner.collisionCount };
    const current = await client.patch(controllerrevisions, targetOf(equal), { type: 'merge', patch: { revision: newest } }, { signal });
    return { current, old, collisionCount: owner.collisionCount };
  }

  /** Drops the oldest revisions beyond the limit that no pod uses; those in use are known by hash or by name. */
  async truncate(state: RevisionState, options: { readonly limit: number; readonly live: ReadonlySet<string>; readonly signal: AbortSignal }): Promise<void> {
    const unused = state.old.filter((revision) => !options.live.has(revision.metadata.name) && !options.live.has(revisionHash(revision)));
    for (const revision of unused.slice(0, Math.max(0, unused.length - options.limit))) {
      await this.#context.client.delete(controllerrevisions, targetOf(revision), { preconditions: { uid: revision.metadata.uid }, signal: options.signal });
    }
  }

  async #create(
    wanted: ControllerRevision,
    { old, owner, signal }: { readonly old: readonly ControllerRevision[]; readonly owner: RevisionOwner; readonly signal: AbortSignal },
  ): Promise<RevisionState> {
    const { client } = this.#context;
    for (let collisionCount = owner.collisionCount; ; collisionCount++) {
      const attempt = newRevision(owner.object, { ...owner, revision: wanted.revision, collisionCount });
      try {
        return { current: await client.create(controllerrevisions, attempt, { signal }), old, collisionCount };
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
        const found = await client.get(controllerrevisions, targetOf(attempt), { signal });
        if (sameRevision(found, attempt)) return { current: found, old, collisionCount };
      }
    }
  }
}

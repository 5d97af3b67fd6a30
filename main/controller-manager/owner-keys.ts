import { selectorMatches } from '../../kube/apimachinery/label-selector.ts';
import type { ObjectMeta } from '../../kube/apimachinery/object-meta.ts';
import type { LabelSelector } from '../../kube/api/generated/meta/v1.ts';
import type { Lister } from '../../kube/client/informer.ts';
import { controllerOf } from './controller-ref.ts';
import { keyOf } from './object-key.ts';

type Owned = { readonly metadata: ObjectMeta };

/** Which owners of one kind a change of something that they may control concerns: who controls it, who did, or, when nobody does, who may adopt it. */
export function ownerKeys<T extends Owned>(
  object: Owned,
  { previous, kind, owners, selectorOf }: { readonly previous?: Owned | undefined; readonly kind: string; readonly owners: Lister<T>; readonly selectorOf: (owner: T) => LabelSelector | undefined },
): readonly string[] {
  const { namespace, labels } = object.metadata;
  const controllers = [object, previous].flatMap((state) => {
    const owner = state === undefined ? undefined : controllerOf(state);
    return owner?.kind === kind ? [`${namespace}/${owner.name}`] : [];
  });
  if (controllerOf(object) !== undefined) return [...new Set(controllers)];
  const adopters = owners.list(namespace === undefined ? {} : { namespace }).filter((owner) => selectorMatches(selectorOf(owner), labels));
  return [...new Set([...controllers, ...adopters.map(keyOf)])];
}

import type { KubernetesObject, ObjectMeta, OwnerReference } from '../../kube/apimachinery/object-meta.ts';

type Named = { readonly metadata: ObjectMeta };

export function controllerOf(object: Named): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

export function isControlledBy(object: Named, owner: Named): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

export function newControllerRef(owner: KubernetesObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Indexer `controller`: the UID of the controlling owner, or `orphan:<namespace>` for objects that nobody controls. */
export const CONTROLLER_INDEX = 'controller';
export function controllerIndex(object: Named): readonly string[] {
  const owner = controllerOf(object);
  return [owner === undefined ? orphanIndexValue(object.metadata.namespace) : owner.uid];
}
export function orphanIndexValue(namespace: string | undefined): string {
  return `orphan:${namespace ?? ''}`;
}

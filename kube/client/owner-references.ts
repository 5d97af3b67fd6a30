import { apiVersionOf, parseApiVersion, type GroupVersionKind } from '../apimachinery/gvr.ts';
import type { KubernetesObject, OwnerReference } from '../apimachinery/object-meta.ts';

/** Who owns an object, and which of the owners is in charge of it (its controller). */

/** metav1.NewControllerRef. */
export function newControllerRef(owner: Pick<KubernetesObject, 'metadata'>, kind: GroupVersionKind): OwnerReference {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

export function controllerOf(object: Pick<KubernetesObject, 'metadata'>): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

export function isControlledBy(object: Pick<KubernetesObject, 'metadata'>, owner: Pick<KubernetesObject, 'metadata'>): boolean {
  const controller = controllerOf(object);
  return controller !== undefined && controller.uid === owner.metadata.uid;
}

/** Whether the controller is of this group and kind, whatever its version. */
export function isControllerKind(reference: OwnerReference, kind: { readonly group: string; readonly kind: string }): boolean {
  return reference.kind === kind.kind && parseApiVersion(reference.apiVersion).group === kind.group;
}

/** The index function `controllerUid`: at most one value. */
export function indexByController(object: Pick<KubernetesObject, 'metadata'>): readonly string[] {
  const uid = controllerOf(object)?.uid;
  return uid === undefined ? [] : [uid];
}

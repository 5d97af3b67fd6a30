import type { KubernetesObject, OwnerReference } from '../../../kube/apimachinery/object-meta.ts';

export const ORPHAN = 'orphan';
export const FOREGROUND = 'foregroundDeletion';

/** One object, as far as ownership goes. */
export interface GraphNode {
  readonly uid: string;
  apiVersion: string;
  kind: string;
  namespace: string | undefined;
  name: string;
  owners: readonly OwnerReference[];
  /** Most objects have none and share one empty set: an empty set each would be the larger part of the graph. */
  dependents: ReadonlySet<GraphNode>;
  beingDeleted: boolean;
  /** Waits until its dependents are gone (foreground deletion). */
  deletingDependents: boolean;
  orphaning: boolean;
  /** Known only from a reference: whether it exists must be asked. */
  virtual: boolean;
}

export interface GraphChange {
  /** Objects whose owners may be gone, or that wait for dependents. */
  readonly toDelete: readonly GraphNode[];
  readonly toOrphan: readonly GraphNode[];
}

/**
 * Who owns whom (upstream: garbagecollector/graph_builder.go). Pure: told of every object, it says whose fate must be looked at.
 * Example: pod P names ReplicaSet R, which is not known yet: R becomes a virtual node and must be looked at; when R's own add arrives it turns
 * real; when R's delete arrives, P must be looked at.
 */
export class ObjectGraph {
  readonly #nodes = new Map<string, GraphNode>();

  get size(): number {
    return this.#nodes.size;
  }

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  upsert(object: KubernetesObject): GraphChange {
    const toDelete: GraphNode[] = [];
    const toOrphan: GraphNode[] = [];
    const { metadata } = object;
    const uid = metadata.uid ?? '';
    const owners = metadata.ownerReferences ?? NO_OWNERS;
    const finalizers = metadata.finalizers ?? [];
    const known = this.#nodes.get(uid);
    const node: GraphNode = known ?? {
      uid, apiVersion: object.apiVersion, kind: object.kind, namespace: metadata.namespace, name: metadata.name, owners: NO_OWNERS,
      dependents: NO_DEPENDENTS, beingDeleted: false, deletingDependents: false, orphaning: false, virtual: false,
    };
    Object.assign(node, { apiVersion: object.apiVersion, kind: object.kind, namespace: metadata.namespace, name: metadata.name, virtual: false });
    this.#nodes.set(uid, node);
    toDelete.push(...this.#setOwners(node, owners));
    node.beingDeleted = metadata.deletionTimestamp !== undefined;
    if (node.beingDeleted && finalizers.includes(ORPHAN) && !node.orphaning) {
      node.orphaning = true;
      toOrphan.push(node);
    }
    if (node.beingDeleted && finalizers.includes(FOREGROUND) && !node.deletingDependents) {
      node.deletingDependents = true;
      toDelete.push(...node.dependents, node);
    }
    return { toDelete, toOrphan };
  }

  remove(uid: string): GraphChange {
    const node = this.#nodes.get(uid);
    if (node === undefined) return { toDelete: [], toOrphan: [] };
    const toDelete: GraphNode[] = [...node.dependents];
    for (const { uid: ownerUid } of node.owners) {
      const owner = this.#nodes.get(ownerUid);
      if (owner === undefined) continue;
      removeDependent(owner, node);
      if (owner.deletingDependents) toDelete.push(owner);
      this.#dropUnused(owner);
    }
    if (node.dependents.size === 0) this.#nodes.delete(uid);
    else Object.assign(node, { virtual: true, beingDeleted: false, deletingDependents: false, owners: NO_OWNERS });
    return { toDelete, toOrphan: [] };
  }

  /** A virtual owner that nobody names any more. */
  #dropUnused(node: GraphNode): void {
    if (node.virtual && node.dependents.size === 0) this.#nodes.delete(node.uid);
  }

  #setOwners(node: GraphNode, owners: readonly OwnerReference[]): readonly GraphNode[] {
    const affected: GraphNode[] = [];
    const before = new Map(node.owners.map((owner) => [owner.uid, owner]));
    node.owners = owners;
    for (const reference of owners) {
      const previous = before.get(reference.uid);
      before.delete(reference.uid);
      let owner = this.#nodes.get(reference.uid);
      if (owner === undefined) {
        owner = {
          uid: reference.uid, apiVersion: reference.apiVersion, kind: reference.kind, namespace: node.namespace, name: reference.name, owners: NO_OWNERS,
          dependents: NO_DEPENDENTS, beingDeleted: false, deletingDependents: false, orphaning: false, virtual: true,
        };
        this.#nodes.set(reference.uid, owner);
      }
      const isNew = !owner.dependents.has(node);
      addDependent(owner, node);
      const unblocked = previous?.blockOwnerDeletion === true && reference.blockOwnerDeletion !== true;
      if (isNew && (owner.virtual || owner.deletingDependents || mismatched(reference, { owner, node }))) affected.push(node);
      if (unblocked && owner.deletingDependents) affected.push(owner);
    }
    for (const uid of before.keys()) {
      const owner = this.#nodes.get(uid);
      if (owner !== undefined) {
        removeDependent(owner, node);
        if (owner.deletingDependents) affected.push(owner);
        this.#dropUnused(owner);
      }
      affected.push(node);
    }
    return affected;
  }
}

const NO_OWNERS: readonly OwnerReference[] = [];
const NO_DEPENDENTS: ReadonlySet<GraphNode> = new Set();

function addDependent(owner: GraphNode, node: GraphNode): void {
  if (owner.dependents === NO_DEPENDENTS) owner.dependents = new Set([node]);
  else (owner.dependents as Set<GraphNode>).add(node);
}

function removeDependent(owner: GraphNode, node: GraphNode): void {
  if (owner.dependents === NO_DEPENDENTS) return;
  (owner.dependents as Set<GraphNode>).delete(node);
  if (owner.dependents.size === 0) owner.dependents = NO_DEPENDENTS;
}

/** The reference carries the right UID but another name, kind or namespace: it names something that does not exist. */
function mismatched(reference: OwnerReference, { owner, node }: { readonly owner: GraphNode; readonly node: GraphNode }): boolean {
  if (owner.virtual) return false;
  const elsewhere = owner.namespace !== undefined && owner.namespace !== node.namespace;
  return elsewhere || reference.kind !== owner.kind || reference.name !== owner.name;
}

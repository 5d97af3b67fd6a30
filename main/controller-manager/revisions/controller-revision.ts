import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { goJson } from '../../../kube/apimachinery/go-format.ts';
import type { ControllerRevision } from '../../../kube/api/generated/apps/v1.ts';
import { newControllerRef } from '../controller-ref.ts';
import { canonicalJson, fnv32, safeEncode, templateHash } from '../fnv.ts';
import { semanticEqual } from '../semantic-equal.ts';

/** The label by which a pod knows its revision. */
export const CONTROLLER_REVISION_HASH = 'controller-revision-hash';

/** How the revisions of a kind are told apart: the hash is the end of their names and the value of the label. */
export interface RevisionNaming {
  readonly label: string;
  hash(data: object, collisionCount: number): string;
}

export const DAEMON_SET_REVISIONS: RevisionNaming = { label: CONTROLLER_REVISION_HASH, hash: templateHash };

/** Upstream: HashControllerRevision of pkg/controller/history, over the JSON of the data as Go writes it. */
export const STATEFUL_SET_REVISIONS: RevisionNaming = {
  label: 'controller.kubernetes.io/hash',
  hash: (data, collisionCount) => safeEncode(String(fnv32(`${goJson(JSON.parse(canonicalJson(data)))}${collisionCount}`))),
};

export function byRevision(a: ControllerRevision, b: ControllerRevision): number {
  return a.revision - b.revision || ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1);
}

/** What of a workload is history: its pod template, as a patch that puts it back. Clients compare it byte by byte, hence its members are sorted as upstream sorts them. */
export function revisionData(template: object | undefined): Record<string, unknown> {
  return JSON.parse(canonicalJson({ spec: { template: { ...template, $patch: 'replace' } } })) as Record<string, unknown>;
}

export function newRevision(
  owner: KubernetesObject,
  options: { readonly naming: RevisionNaming; readonly template: object | undefined; readonly labels: Record<string, string> | undefined; readonly revision: number; readonly collisionCount: number },
): ControllerRevision {
  const data = revisionData(options.template);
  const hash = options.naming.hash(data, options.collisionCount);
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${owner.metadata.name}-${hash}`,
      namespace: owner.metadata.namespace,
      labels: { ...options.labels, [options.naming.label]: hash },
      annotations: { ...owner.metadata.annotations },
      ownerReferences: [newControllerRef(owner)],
    },
    data: data as ControllerRevision['data'],
    revision: options.revision,
  };
}

export function sameRevision(left: ControllerRevision, right: ControllerRevision): boolean {
  return semanticEqual(left.data, right.data);
}

export function revisionHash({ metadata }: ControllerRevision): string {
  return metadata.labels?.[CONTROLLER_REVISION_HASH] ?? metadata.name;
}

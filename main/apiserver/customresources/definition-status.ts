import type * as apiextensions from '../../../kube/api/generated/apiextensions/v1.ts';

type Definition = apiextensions.CustomResourceDefinition;
type Names = apiextensions.CustomResourceDefinitionNames;
type Condition = apiextensions.CustomResourceDefinitionCondition;
type Status = apiextensions.CustomResourceDefinitionStatus;

const APPROVAL = 'api-approved.kubernetes.io';

export function isConditionTrue({ status }: Definition, type: string): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');
}

/**
 * The status that a definition should have beside the others of its group: whose names are taken, and whether it can be served
 * (upstream: apiextensions-apiserver, pkg/controller/{status,establish,apiapproval}).
 */
export function computeDefinitionStatus(definition: Definition, others: readonly Definition[], now: string): Status {
  const taken = takenNames(others);
  const { names } = definition.spec;
  const current = definition.status?.acceptedNames ?? { plural: '', kind: '' };
  const conflict = conflictOf(names, taken);
  const acceptedNames = conflict ? acceptable(names, current, taken) : { ...names };
  const accepted = conflict ?? { status: 'True', reason: 'NoConflicts', message: 'no conflicts found' };
  let conditions = [...(definition.status?.conditions ?? [])];
  const approval = approvalOf(definition);
  if (approval) conditions = withCondition(conditions, { type: 'KubernetesAPIApprovalPolicyConformant', ...approval }, now);
  conditions = withCondition(conditions, { type: 'NamesAccepted', ...accepted }, now);
  const wasEstablished = isConditionTrue(definition, 'Established');
  const established = wasEstablished || !conflict
    ? { status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' }
    : { status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
  if (!wasEstablished) conditions = withCondition(conditions, { type: 'Established', ...established }, now);
  return { ...definition.status, conditions, acceptedNames, storedVersions: definition.status?.storedVersions ?? [] };
}

interface Verdict {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

interface TakenNames {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

function takenNames(others: readonly Definition[]): TakenNames {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { status } of others) {
    const names = status?.acceptedNames;
    if (!names) continue;
    for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])]) if (name) resources.add(name);
    for (const kind of [names.kind, names.listKind]) if (kind) kinds.add(kind);
  }
  return { resources, kinds };
}

/** Of several conflicts the last is told, as upstream. */
function conflictOf(names: Names, { resources, kinds }: TakenNames): Verdict | undefined {
  const candidates: readonly (readonly [string, string | undefined, ReadonlySet<string>])[] = [
    ['PluralConflict', names.plural, resources], ['SingularConflict', names.singular, resources],
    ...(names.shortNames ?? []).map((name) => ['ShortNamesConflict', name, resources] as const),
    ['KindConflict', names.kind, kinds], ['ListKindConflict', names.listKind, kinds],
  ];
  const conflict = candidates.findLast(([, name, taken]) => name !== undefined && taken.has(name));
  return conflict && { status: 'False', reason: conflict[0], message: `${JSON.stringify(conflict[1])} is already in use` };
}

/** What is free is taken; for the rest stays what was accepted before. */
function acceptable(names: Names, current: Names, { resources, kinds }: TakenNames): Names {
  const resource = (wanted: string | undefined, old: string | undefined): string | undefined => (wanted && resources.has(wanted) ? old : wanted);
  const kind = (wanted: string | undefined, old: string | undefined): string | undefined => (wanted && kinds.has(wanted) ? old : wanted);
  const singular = resource(names.singular, current.singular);
  const listKind = kind(names.listKind, current.listKind);
  const hasFreeShortNames = !(names.shortNames ?? []).some((name) => resources.has(name));
  const shortNames = hasFreeShortNames ? names.shortNames : current.shortNames;
  return {
    plural: resource(names.plural, current.plural) ?? '', kind: kind(names.kind, current.kind) ?? '',
    ...(singular ? { singular } : {}), ...(listKind ? { listKind } : {}), ...(shortNames ? { shortNames } : {}),
    ...(names.categories ? { categories: names.categories } : {}),
  };
}

function approvalOf({ spec, metadata }: Definition): Verdict | undefined {
  if (!/\.(k8s|kubernetes)\.io$/.test(`.${spec.group}`)) return undefined;
  const text = metadata.annotations?.[APPROVAL] ?? '';
  if (text === '') {
    const message = `protected groups must have approval annotation "${APPROVAL}", see https://github.com/kubernetes/enhancements/pull/1111`;
    return { status: 'False', reason: 'MissingAnnotation', message };
  }
  if (text.startsWith('unapproved')) return { status: 'False', reason: 'UnapprovedAnnotation', message: `not approved: ${JSON.stringify(text)}` };
  return { status: 'True', reason: 'ApprovedAnnotation', message: `approved in ${text}` };
}

/** The list with that condition; the time moves only when its status does. The list is the same when nothing changes. */
export function withCondition(conditions: readonly Condition[], next: { readonly type: string } & Verdict, now: string): Condition[] {
  const index = conditions.findIndex(({ type }) => type === next.type);
  const previous = conditions[index];
  if (previous?.status === next.status && previous.reason === next.reason && previous.message === next.message) return [...conditions];
  const lastTransitionTime = previous?.status === next.status ? (previous.lastTransitionTime ?? now) : now;
  const condition: Condition = { type: next.type, status: next.status, lastTransitionTime, reason: next.reason, message: next.message };
  return index < 0 ? [...conditions, condition] : conditions.with(index, condition);
}

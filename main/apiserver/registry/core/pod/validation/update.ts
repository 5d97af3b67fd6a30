import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import { inclusiveRangeError } from '../../../../../../kube/apimachinery/name-validation.ts';
import { FieldErrors } from '../../../validation/field-errors.ts';
import { METADATA_PATH, ROOT_PATH, SPEC_PATH, type FieldPath } from '../../../validation/field-path.ts';
import { internalDiff, internalValue } from '../../../validation/internal-shape.ts';
import { semanticEqual } from '../../../validation/semantic-equal.ts';
import { isEmpty } from '../../../validation/values.ts';
import { goQuote } from '../../../../../../kube/apimachinery/go-format.ts';
import { APP_ARMOR_PREFIX, isDeletionCost, MIRROR_POD } from './annotations.ts';
import { STRICT_POD, type PodValidationOptions } from './options.ts';
import { checkPod } from './pod.ts';
import { checkOnlyAddedTolerations, checkOnlyDeletedGates } from './scheduling.ts';

const UPDATABLE_FIELDS = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

export function updateOptions(previous: core.Pod): PodValidationOptions {
  const cost = previous.metadata.annotations?.[DELETION_COST];
  return { ...STRICT_POD, allowInvalidDeletionCost: cost !== undefined && !isDeletionCost(cost) };
}

export function validatePodUpdate(next: core.Pod, previous: core.Pod): FieldErrors {
  const errors = new FieldErrors();
  checkPod(next, errors, updateOptions(previous));
  checkAnnotationUpdates(next, previous, errors);
  for (const field of ['containers', 'initContainers'] as const) {
    if (!checkContainerUpdates(next.spec[field] ?? [], previous.spec[field] ?? [], SPEC_PATH.child(field), errors)) return errors;
  }
  if (!checkActiveDeadline(next.spec, previous.spec, errors)) return errors;
  checkOnlyAddedTolerations(next.spec.tolerations, previous.spec.tolerations, SPEC_PATH.child('tolerations'), errors);
  checkOnlyDeletedGates(next.spec.schedulingGates, previous.spec.schedulingGates, SPEC_PATH.child('schedulingGates'), errors);
  if (semanticEqual(next.spec, previous.spec)) return errors;
  const munged = withUpdatableFieldsOf(next.spec, previous.spec);
  if (!isEmpty(previous.spec.schedulingGates)) unmaskGatedChanges(munged, previous.spec, errors);
  if (!semanticEqual(munged, previous.spec)) {
    const diff = internalDiff('PodSpec', previous.spec, munged);
    errors.forbidden(SPEC_PATH, `pod updates may not change fields other than ${UPDATABLE_FIELDS}\n${diff}`);
  }
  return errors;
}

export function checkAnnotationUpdates(next: core.Pod, previous: core.Pod, errors: FieldErrors): void {
  const path = METADATA_PATH.child('annotations');
  const before = previous.metadata.annotations ?? {};
  const after = next.metadata.annotations ?? {};
  for (const key of Object.keys(before)) {
    if (after[key] === before[key]) continue;
    if (key.startsWith(APP_ARMOR_PREFIX)) errors.forbidden(path.key(key), 'may not remove or update AppArmor annotations');
    if (key === MIRROR_POD) errors.forbidden(path.key(key), 'may not remove or update mirror pod annotation');
  }
  for (const key of Object.keys(after)) {
    if (key in before) continue;
    if (key.startsWith(APP_ARMOR_PREFIX)) errors.forbidden(path.key(key), 'may not add AppArmor annotations');
    if (key === MIRROR_POD) errors.forbidden(path.key(key), 'may not add mirror pod annotation');
  }
}

function checkContainerUpdates(
  next: readonly core.Container[],
  previous: readonly core.Container[],
  path: FieldPath,
  errors: FieldErrors,
): boolean {
  if (next.length !== previous.length) {
    errors.forbidden(path, 'pod updates may not add or remove containers');
    return false;
  }
  for (const [index, { image = '' }] of next.entries()) {
    if (image === '') errors.required(path.index(index).child('image'));
    if (image !== image.trim()) errors.invalid(path.index(index).child('image'), image, 'must not have leading or trailing whitespace');
  }
  return true;
}

/** False: upstream looks no further. */
function checkActiveDeadline(next: core.PodSpec, previous: core.PodSpec, errors: FieldErrors): boolean {
  const path = SPEC_PATH.child('activeDeadlineSeconds');
  const seconds = next.activeDeadlineSeconds;
  const before = previous.activeDeadlineSeconds;
  if (seconds === undefined) {
    if (before !== undefined) errors.invalid(path, null, 'must not update from a positive integer to nil value');
    return true;
  }
  const isOutside = seconds < 0 || seconds > 2 ** 31 - 1;
  if (isOutside) errors.invalid(path, seconds, inclusiveRangeError(0, 2 ** 31 - 1));
  else if (before !== undefined && before < seconds) errors.invalid(path, seconds, 'must be less than or equal to previous value');
  else return true;
  return false;
}

type MutableSpec = { -readonly [Key in keyof core.PodSpec]: core.PodSpec[Key] };

/** The next spec with every field that an update may change as it was before: what still differs is refused. */
function withUpdatableFieldsOf(next: core.PodSpec, previous: core.PodSpec): MutableSpec {
  const withImages = (containers: core.Container[] | undefined, old: core.Container[] | undefined) =>
    containers?.map((container, index) => ({ ...container, image: old?.[index]?.image ?? '' }));
  const munged: MutableSpec = {
    ...next,
    containers: withImages(next.containers, previous.containers) ?? [],
    activeDeadlineSeconds: previous.activeDeadlineSeconds,
    schedulingGates: previous.schedulingGates,
    tolerations: previous.tolerations,
  };
  if (next.initContainers !== undefined) munged.initContainers = withImages(next.initContainers, previous.initContainers);
  if ((previous.terminationGracePeriodSeconds ?? 0) < 0 && next.terminationGracePeriodSeconds === 1) {
    munged.terminationGracePeriodSeconds = previous.terminationGracePeriodSeconds;
  }
  return munged;
}

/** While a pod is gated, its node selection may be narrowed. */
function unmaskGatedChanges(munged: MutableSpec, previous: core.PodSpec, errors: FieldErrors): void {
  if (!semanticEqual(munged.nodeSelector, previous.nodeSelector)) {
    const path = SPEC_PATH.child('nodeSelector');
    for (const [key, value] of Object.entries(previous.nodeSelector ?? {})) {
      if (munged.nodeSelector?.[key] === value) continue;
      errors.invalid(path, munged.nodeSelector ?? null, 'only additions to spec.nodeSelector are allowed (no mutations or deletions)');
    }
    munged.nodeSelector = previous.nodeSelector;
  }
  const before = previous.affinity?.nodeAffinity;
  if (semanticEqual(munged.affinity?.nodeAffinity, before)) return;
  checkNodeAffinityMutation(munged.affinity?.nodeAffinity, before, errors);
  const { nodeAffinity: _dropped, ...others } = munged.affinity ?? {};
  if (before !== undefined) munged.affinity = { ...others, nodeAffinity: before };
  else if (Object.keys(others).length > 0 || previous.affinity !== undefined) munged.affinity = others;
  else munged.affinity = undefined;
}

function checkNodeAffinityMutation(next: core.NodeAffinity | undefined, previous: core.NodeAffinity | undefined, errors: FieldErrors): void {
  const required = previous?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return;
  const oldTerms = required.nodeSelectorTerms ?? [];
  const newTerms = next?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const path = SPEC_PATH.child('affinity').child('nodeAffinity').child('requiredDuringSchedulingIgnoredDuringExecution').child('nodeSelectorTerms');
  if (oldTerms.length > 0 && oldTerms.length !== newTerms.length) {
    const value = newTerms.length === 0 ? null : newTerms.map((term) => internalValue('NodeSelectorTerm', term));
    errors.invalid(path, value, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed');
    return;
  }
  for (const [index, term] of newTerms.entries()) {
    if (hasOnlyAdditions(term, oldTerms[index] ?? {})) continue;
    errors.invalid(path.index(index), internalValue('NodeSelectorTerm', term), 'only additions are allowed (no mutations or deletions)');
  }
}

function hasOnlyAdditions(next: core.NodeSelectorTerm, previous: core.NodeSelectorTerm): boolean {
  if (isEmpty(previous.matchExpressions) && isEmpty(previous.matchFields)) return isEmpty(next.matchExpressions) && isEmpty(next.matchFields);
  return (['matchExpressions', 'matchFields'] as const).every((field) => {
    const old = previous[field] ?? [];
    return semanticEqual((next[field] ?? []).slice(0, old.length), old);
  });
}

export function validateEphemeralContainersUpdate(next: core.Pod, previous: core.Pod): FieldErrors {
  const errors = new FieldErrors();
  checkPod(next, errors, updateOptions(previous));
  checkAnnotationUpdates(next, previous, errors);
  if (previous.metadata.annotations?.[MIRROR_POD] !== undefined) {
    const refused = new FieldErrors();
    refused.forbidden(ROOT_PATH, 'static pods do not support ephemeral containers');
    return refused;
  }
  const path = SPEC_PATH.child('ephemeralContainers');
  for (const old of previous.spec.ephemeralContainers ?? []) {
    const kept = next.spec.ephemeralContainers?.find(({ name }) => name === old.name);
    if (kept === undefined) errors.forbidden(path, `existing ephemeral containers ${goQuote(old.name)} may not be removed\n`);
    else if (!semanticEqual(kept, old)) {
      const diff = internalDiff('EphemeralContainer', old, kept);
      errors.forbidden(path, `existing ephemeral containers ${goQuote(old.name)} may not be changed\n${diff}`);
    }
  }
  return errors;
}

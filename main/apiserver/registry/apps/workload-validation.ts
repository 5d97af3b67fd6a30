import type * as core from '../../../../kube/api/generated/core/v1.ts';
import { isDns1123Label } from '../../../../kube/apimachinery/name-validation.ts';
import { FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH, STATUS_PATH, type FieldPath } from '../validation/field-path.ts';
import { checkLabelSelector, invalidSelectorOperator, isEmptySelector, labelsAsGiven, selectorMatches, type LabelSelectorLike } from '../validation/label-selector.ts';
import { checkPodTemplateSpec } from '../core/pod/validation/pod.ts';
import { podTemplateWarnings } from '../core/pod/warnings.ts';
import { checkNonNegative } from '../validation/values.ts';

/** What Deployments, ReplicaSets, DaemonSets and StatefulSets have in common. */
const SELECTOR = SPEC_PATH.child('selector');
const TEMPLATE = SPEC_PATH.child('template');

/** Returns false for a selector that cannot be read. A missing one matches nothing. */
export function checkSelector(selector: LabelSelectorLike | undefined, errors: FieldErrors, { emptyText, brokenText }: { readonly emptyText: string; readonly brokenText: string }): boolean {
  if (selector === undefined) {
    errors.required(SELECTOR);
    return true;
  }
  checkLabelSelector(selector, SELECTOR, errors);
  if (isEmptySelector(selector)) errors.invalid(SELECTOR, selector, emptyText);
  if (!isBroken(selector)) return true;
  errors.invalid(SELECTOR, selector, brokenText);
  return false;
}

/** A selector that labels.Selector refuses: wrong operators, values, or label texts. */
export function isBroken(selector: LabelSelectorLike): boolean {
  if (invalidSelectorOperator(selector)) return true;
  const texts = new FieldErrors();
  checkLabelSelector(selector, SELECTOR, texts);
  return texts.count > 0;
}

export function checkTemplateLabels(selector: LabelSelectorLike | undefined, template: core.PodTemplateSpec | undefined, path: FieldPath, errors: FieldErrors): void {
  if (selector !== undefined && isEmptySelector(selector)) return;
  const labels = template?.metadata?.labels;
  if (selector === undefined || !selectorMatches(selector, labels)) {
    errors.invalid(path.child('metadata').child('labels'), labelsAsGiven(template?.metadata), '`selector` does not match template `labels`');
  }
}

/** Pods of these workloads run until they are deleted. */
export function checkEndlessTemplate(template: core.PodTemplateSpec | undefined, path: FieldPath, errors: FieldErrors, kind: string): void {
  const policy = template?.spec?.restartPolicy;
  if (policy !== 'Always') errors.notSupported(path.child('spec').child('restartPolicy'), policy, ['Always']);
  if (template?.spec?.activeDeadlineSeconds !== undefined) {
    errors.forbidden(path.child('spec').child('activeDeadlineSeconds'), `activeDeadlineSeconds in ${kind} is not Supported`);
  }
}

/** Deployments and ReplicaSets check their template alike. */
export function checkReplicaTemplate(selector: LabelSelectorLike | undefined, template: core.PodTemplateSpec | undefined, errors: FieldErrors): void {
  checkTemplateLabels(selector, template, TEMPLATE, errors);
  checkPodTemplateSpec(template ?? {}, TEMPLATE, errors);
  checkEndlessTemplate(template, TEMPLATE, errors, 'ReplicaSet');
}

export function checkCollisionCount(next: number | undefined, previous: number | undefined, errors: FieldErrors): void {
  const decremented = next === undefined ? previous !== undefined : previous !== undefined && next < previous;
  if (decremented) errors.invalid(STATUS_PATH.child('collisionCount'), next ?? 0, 'cannot be decremented');
}

export function checkCounts<T extends object>(status: T | undefined, fields: readonly (keyof T & string)[], errors: FieldErrors): void {
  for (const field of fields) checkNonNegative(status?.[field] as number | undefined, STATUS_PATH.child(field), errors);
}

export function podNameWarnings(name: string, text: string): string[] {
  const messages = isDns1123Label(name);
  return messages.length === 0 ? [] : [`metadata.name: ${text}: [${messages.join(' ')}]`];
}
export const NAME_IN_PODS = 'this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended';

export function templateWarnings(template: core.PodTemplateSpec | undefined): string[] {
  return podTemplateWarnings(template, TEMPLATE);
}

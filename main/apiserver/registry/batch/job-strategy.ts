import { requirementsOf, SelectorError } from '../../../../kube/apimachinery/label-selector.ts';
import { emptyAsGiven } from '../../../../kube/api/typed-object.ts';
import type * as batch from '../../../../kube/api/generated/batch/v1.ts';
import type * as core from '../../../../kube/api/generated/core/v1.ts';
import { isDns1123Label } from '../../../../kube/apimachinery/name-validation.ts';
import { NAME_IN_PODS, podNameWarnings, templateWarnings } from '../apps/workload-validation.ts';
import { setPodTemplateDefaults } from '../core/pod/defaults.ts';
import { withoutDisabledTemplateFields } from '../core/pod/disabled-fields.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { METADATA_PATH, SPEC_PATH, type FieldPath } from '../validation/field-path.ts';
import { checkLabelSelector, labelsAsGiven, selectorMatches } from '../validation/label-selector.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';
import { internalValue } from '../validation/internal-shape.ts';
import { internalTemplate } from '../validation/internal-template.ts';
import { checkImmutable, sizeOf } from '../validation/values.ts';
import { checkJobSpec } from './job-spec-validation.ts';
import { checkJobStatus } from './job-status-validation.ts';
import { isConditionTrue } from './job-conditions.ts';

type Job = batch.Job;
const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid';
const JOB_NAME = 'batch.kubernetes.io/job-name';
const LEGACY_CONTROLLER_UID = 'controller-uid';
const LEGACY_JOB_NAME = 'job-name';
const TEMPLATE = SPEC_PATH.child('template');

export const jobStrategy = buildStrategy<Job>({
  namespaced: true,
  orphansByDefault: true,
  generation: true,
  dropDisabled: (obj, previous) => ({ ...obj, spec: withoutDisabledTemplateFields(obj.spec, previous?.spec) }),
  defaults(job) {
    if (job.spec === undefined) return;
    setJobSpecDefaults(job.spec);
    const labels = job.spec.template?.metadata?.labels;
    // The very map of the template: labels that are generated into it are the Job's own too.
    if (labels !== undefined && sizeOf(job.metadata.labels) === 0) job.metadata.labels = labels;
  },
  prepareForCreate: (job) => ({ ...generateSelector(job), status: {} }),
  check(job, errors) {
    checkGeneratedSelector(job, errors);
    checkSpecWithSelector(job.spec, errors);
    checkPodNames(job, errors);
  },
  checkUpdate(next, previous, errors) {
    // Upstream checks the whole object, and then the spec once more.
    checkGeneratedSelector(next, errors);
    checkSpecWithSelector(next.spec, errors);
    checkPodNames(next, errors);
    checkSpecWithSelector(next.spec, errors);
    checkSpecUpdate(next.spec, previous, errors);
  },
  recheckOnUpdate: false,
  status: { check: checkJobStatus },
  selectableFields: ({ status }) => ({ 'status.successful': String(status?.succeeded ?? 0) }),
  warnings(job, previous) {
    if (previous === undefined) return [...podNameWarnings(job.metadata.name, NAME_IN_PODS), ...jobSpecWarnings(job.spec)];
    return job.metadata.generation === previous.metadata.generation ? [] : jobSpecWarnings(job.spec);
  },
});

export function setJobSpecDefaults(spec: batch.JobSpec): void {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed';
  spec.manualSelector ??= false;
  setJobTemplateDefaults(spec);
}

export function setJobTemplateDefaults(spec: batch.JobSpec): void {
  setPodTemplateDefaults(spec.template);
  for (const rule of spec.podFailurePolicy?.rules ?? []) for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
}

export function jobSpecWarnings(spec: batch.JobSpec | undefined, warn = templateWarnings): string[] {
  if (spec === undefined) return [];
  const { completions = 0, parallelism = 0 } = spec;
  const found: string[] = [];
  if (spec.completionMode === 'Indexed' && completions > 100_000 && parallelism > 10_000) {
    found.push('In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail');
  }
  return [...found, ...warn(spec.template)];
}

/** A Job finds its pods by its own uid, unless it says that it knows better. */
function generateSelector(job: Job): Job {
  const { spec, metadata } = job;
  if (spec.manualSelector) return job;
  const uid = metadata.uid ?? '';
  const labels = sorted({
    [LEGACY_JOB_NAME]: metadata.name, [JOB_NAME]: metadata.name, [LEGACY_CONTROLLER_UID]: uid, [CONTROLLER_UID]: uid,
    ...spec.template?.metadata?.labels,
  });
  const template = { ...spec.template, metadata: { ...spec.template?.metadata, labels } } as core.PodTemplateSpec;
  const selector = { ...spec.selector, matchLabels: sorted({ [CONTROLLER_UID]: uid, ...spec.selector?.matchLabels }) };
  const isShared = metadata.labels !== undefined && metadata.labels === spec.template?.metadata?.labels;
  return { ...job, metadata: isShared ? { ...metadata, labels } : metadata, spec: { ...spec, template, selector } };
}

/** Map keys in the order in which messages print them. */
function sorted(map: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function checkGeneratedSelector({ metadata, spec }: Job, errors: FieldErrors): void {
  if (spec.manualSelector || spec.selector === undefined) return;
  const expected: Record<string, string> = {
    [LEGACY_CONTROLLER_UID]: metadata.uid ?? '', [LEGACY_JOB_NAME]: metadata.name, [CONTROLLER_UID]: metadata.uid ?? '', [JOB_NAME]: metadata.name,
  };
  const labels = spec.template?.metadata?.labels ?? {};
  for (const [key, value] of Object.entries(expected)) {
    if (labels[key] === value) continue;
    const path = TEMPLATE.child('metadata').child('labels').key(key);
    if (labels[key] === undefined) errors.required(path, `must be '${value}'`);
    else errors.invalid(path, labels, `must be '${value}'`);
  }
  if (isReadable(spec.selector) && !selectorMatches(spec.selector, expected)) errors.invalid(SPEC_PATH.child('selector'), spec.selector, '`selector` not auto-generated');
}

/** What cannot be made a selector is not compared with labels: it is wrong already. */
function isReadable(selector: batch.JobSpec['selector']): boolean {
  try {
    return requirementsOf(selector) !== undefined;
  } catch (error) {
    if (error instanceof SelectorError) return false;
    throw error;
  }
}

function checkSpecWithSelector(spec: batch.JobSpec, errors: FieldErrors): void {
  checkJobSpec(spec, SPEC_PATH, errors);
  const path = SPEC_PATH.child('selector');
  if (spec.selector === undefined) errors.required(path);
  else checkLabelSelector(spec.selector, path, errors);
  const labels = spec.template?.metadata?.labels;
  if (spec.selector === undefined || (isReadable(spec.selector) && !selectorMatches(spec.selector, labels))) {
    errors.invalid(TEMPLATE.child('metadata').child('labels'), labelsAsGiven(spec.template?.metadata), '`selector` does not match template `labels`');
  }
}

/** Indexed pods have hostnames: name, dash, index. */
function checkPodNames({ metadata, spec }: Job, errors: FieldErrors): void {
  if (spec.completionMode !== 'Indexed' || !spec.completions || spec.completions < 0) return;
  const longest = `${metadata.name}-${spec.completions - 1}`;
  if (isDns1123Label(longest).length === 0) return;
  errors.invalid(METADATA_PATH.child('name'), metadata.name, `will not able to create pod with invalid DNS label: ${longest}`);
}

function checkSpecUpdate(spec: batch.JobSpec, previous: Job, errors: FieldErrors): void {
  const old = previous.spec;
  checkCompletions(spec, old, SPEC_PATH.child('completions'), errors);
  checkImmutable(spec.selector, old.selector, SPEC_PATH.child('selector'), errors);
  checkTemplateUpdate(spec.template, previous, errors);
  checkImmutable(spec.completionMode, old.completionMode, SPEC_PATH.child('completionMode'), errors);
  if (!semanticEqual(spec.podFailurePolicy, old.podFailurePolicy)) {
    errors.invalid(SPEC_PATH.child('podFailurePolicy'), internalPolicy(spec.podFailurePolicy), 'field is immutable');
  }
  checkImmutable(spec.backoffLimitPerIndex, old.backoffLimitPerIndex, SPEC_PATH.child('backoffLimitPerIndex'), errors);
  checkImmutable(spec.managedBy, old.managedBy, SPEC_PATH.child('managedBy'), errors);
  if (!semanticEqual(spec.successPolicy, old.successPolicy)) {
    errors.invalid(SPEC_PATH.child('successPolicy'), internalSuccessPolicy(spec.successPolicy), 'field is immutable');
  }
}

function checkCompletions(spec: batch.JobSpec, old: batch.JobSpec, path: FieldPath, errors: FieldErrors): void {
  if (spec.completionMode !== 'Indexed') checkImmutable(spec.completions, old.completions, path, errors);
  else if (spec.completions !== undefined && spec.completions !== old.completions && spec.completions !== spec.parallelism) {
    errors.invalid(path, spec.completions, 'can only be modified in tandem with spec.parallelism');
  }
}

/** While a Job is suspended and has nothing running, where its pods may run and what they need can be changed. */
function checkTemplateUpdate(template: core.PodTemplateSpec, previous: Job, errors: FieldErrors): void {
  const { spec, status } = previous;
  const hasStopped = status?.startTime === undefined || isConditionTrue(status.conditions, 'Suspended');
  if (spec.suspend && hasStopped && !status?.active) {
    const old = withResourcesOf(withSchedulingOf(spec.template, template), template);
    if (!semanticEqual(template.spec, old.spec)) errors.invalid(TEMPLATE.child('spec'), internalValue('PodSpec', template.spec), 'field is immutable');
  } else if (!semanticEqual(template, spec.template)) errors.invalid(TEMPLATE, internalTemplate(template), 'field is immutable');
}

function withSchedulingOf(old: core.PodTemplateSpec, next: core.PodTemplateSpec): core.PodTemplateSpec {
  const { nodeAffinity: _replaced, ...others } = old.spec?.affinity ?? {};
  const nodeAffinity = next.spec?.affinity?.nodeAffinity;
  const affinity = { ...others, ...(nodeAffinity === undefined ? {} : { nodeAffinity }) };
  const spec: core.PodSpec = { containers: [], ...old.spec };
  spec.affinity = Object.keys(affinity).length === 0 && next.spec?.affinity === undefined ? undefined : affinity;
  spec.nodeSelector = next.spec?.nodeSelector;
  spec.tolerations = next.spec?.tolerations;
  spec.schedulingGates = next.spec?.schedulingGates;
  const metadata = { ...old.metadata, annotations: next.metadata?.annotations, labels: next.metadata?.labels };
  return { ...old, metadata: metadata as NonNullable<core.PodTemplateSpec['metadata']>, spec };
}

function withResourcesOf(old: core.PodTemplateSpec, next: core.PodTemplateSpec): core.PodTemplateSpec {
  const take = (containers: core.Container[] | undefined, from: core.Container[] | undefined) =>
    containers?.map((container, index) => {
      const other = from?.length === containers.length ? from[index] : undefined;
      if (other?.name !== container.name) return container;
      return { ...container, resources: other.resources };
    });
  const spec: core.PodSpec = { ...old.spec, containers: take(old.spec?.containers, next.spec?.containers) ?? [] };
  if (spec.initContainers !== undefined) spec.initContainers = take(spec.initContainers, next.spec?.initContainers);
  return { ...old, spec };
}

function internalPolicy(policy: batch.PodFailurePolicy | undefined): unknown {
  if (policy === undefined) return null;
  return {
    Rules: policy.rules?.map(({ action, onExitCodes, onPodConditions }) => ({
      Action: action,
      OnExitCodes: onExitCodes === undefined ? null : { ContainerName: onExitCodes.containerName ?? null, Operator: onExitCodes.operator, Values: onExitCodes.values ?? null },
      OnPodConditions: onPodConditions?.map(({ type, status }) => ({ Type: type, Status: status })) ?? null,
    })) ?? emptyAsGiven(policy, 'rules'),
  };
}

export function internalSuccessPolicy(policy: batch.SuccessPolicy | undefined): unknown {
  if (policy === undefined) return null;
  return {
    Rules: policy.rules?.map(({ succeededIndexes, succeededCount }) => ({
      SucceededIndexes: succeededIndexes ?? null,
      SucceededCount: succeededCount ?? null,
    })) ?? emptyAsGiven(policy, 'rules'),
  };
}

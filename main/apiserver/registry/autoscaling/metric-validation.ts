import type * as autoscaling from '../../../../kube/api/generated/autoscaling/v2.ts';
import { isDns1123Label, isValidPathSegmentName } from '../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import { nanoValue } from '../validation/quantities.ts';
import { checkContainerResourceName } from '../validation/resource-names.ts';

const TYPES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];
const FIELDS = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;
const TARGET_TYPES = ['Utilization', 'Value', 'AverageValue'];

interface Reference {
  readonly kind?: string;
  readonly name?: string;
  readonly apiVersion?: string;
}

export function checkReference(reference: Reference | undefined, path: FieldPath, errors: FieldErrors, { needsGroup }: { readonly needsGroup: boolean }): void {
  const { kind = '', name = '', apiVersion = '' } = reference ?? {};
  for (const [field, value] of [['kind', kind], ['name', name]] as const) {
    if (value === '') errors.required(path.child(field));
    else errors.invalidEach(path.child(field), value, isValidPathSegmentName(value));
  }
  const versionPath = path.child('apiVersion');
  const slashes = apiVersion.split('/').length - 1;
  if (slashes > 1) errors.invalid(versionPath, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  // The core group has one scalable kind, ReplicationController; it alone needs no group.
  else if (needsGroup && (slashes === 0 || apiVersion.startsWith('/')) && !(apiVersion === 'v1' && kind === 'ReplicationController')) {
    errors.invalid(versionPath, apiVersion, 'apiVersion must specify API group');
  }
}

export function checkMetrics(metrics: readonly autoscaling.MetricSpec[], path: FieldPath, errors: FieldErrors): void {
  for (const [index, metric] of metrics.entries()) checkMetric(metric, path.index(index), errors);
}

function checkMetric(metric: autoscaling.MetricSpec, path: FieldPath, errors: FieldErrors): void {
  const type = metric.type ?? '';
  if (type === '') errors.required(path.child('type'), 'must specify a metric source type');
  if (!TYPES.includes(type)) errors.notSupported(path.child('type'), type, TYPES);
  const present = FIELDS.filter((field) => metric[field] !== undefined);
  const first = present[0];
  if (first !== undefined) checkSource(metric, first, path.child(first), errors);
  const expected = `${type.slice(0, 1).toLowerCase()}${type.slice(1)}` as (typeof FIELDS)[number];
  // Upstream says it once more where it looks for the source.
  if (!TYPES.includes(type)) errors.notSupported(path.child('type'), type, TYPES);
  if (FIELDS.includes(expected) && metric[expected] === undefined) {
    errors.required(path.child(expected), 'must populate information for the given metric source');
  }
  if (present.length === 1) return;
  for (const field of present) if (field !== expected) errors.forbidden(path.child(field), 'must populate the given metric source only');
}

function checkSource(metric: autoscaling.MetricSpec, field: (typeof FIELDS)[number], path: FieldPath, errors: FieldErrors): void {
  const target = metric[field]?.target;
  const targetPath = path.child('target');
  switch (field) {
    case 'object':
      checkReference(metric.object?.describedObject, path.child('describedObject'), errors, { needsGroup: false });
      checkIdentifier(metric.object?.metric, path.child('metric'), errors);
      checkTarget(target, targetPath, errors);
      if (!target?.value && !target?.averageValue) errors.required(targetPath.child('averageValue'), 'must set either a target value or averageValue');
      return;
    case 'external':
      checkIdentifier(metric.external?.metric, path.child('metric'), errors);
      checkTarget(target, targetPath, errors);
      if (!target?.value && !target?.averageValue) {
        errors.required(targetPath.child('averageValue'), 'must set either a target value for metric or a per-pod target');
      }
      if (target?.value && target.averageValue) {
        errors.forbidden(targetPath.child('value'), 'may not set both a target value for metric and a per-pod target');
      }
      return;
    case 'pods':
      checkIdentifier(metric.pods?.metric, path.child('metric'), errors);
      checkTarget(target, targetPath, errors);
      if (!target?.averageValue) errors.required(targetPath.child('averageValue'), 'must specify a positive target averageValue');
      return;
    case 'containerResource':
    case 'resource':
      checkResource(metric, field, path, errors);
      checkTarget(target, targetPath, errors);
      checkUtilization(target, targetPath, errors);
  }
}

function checkResource(metric: autoscaling.MetricSpec, field: 'resource' | 'containerResource', path: FieldPath, errors: FieldErrors): void {
  const name = metric[field]?.name;
  if (!name) errors.required(path.child('name'), 'must specify a resource name');
  else if (field === 'containerResource') checkContainerResourceName(name, path.child('name'), errors);
  if (field === 'resource') return;
  const container = metric.containerResource?.container;
  if (!container) errors.required(path.child('container'), 'must specify a container');
  else errors.invalidEach(path.child('container'), container, isDns1123Label(container));
}

function checkUtilization(target: autoscaling.MetricTarget | undefined, path: FieldPath, errors: FieldErrors): void {
  const { averageUtilization, averageValue } = target ?? {};
  if (averageUtilization === undefined && averageValue === undefined) {
    errors.required(path.child('averageUtilization'), 'must set either a target raw value or a target utilization');
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    errors.forbidden(path.child('averageValue'), 'may not set both a target raw value and a target utilization');
  }
}

function checkTarget(target: autoscaling.MetricTarget | undefined, path: FieldPath, errors: FieldErrors): void {
  const { type = '', value, averageValue, averageUtilization } = target ?? {};
  if (type === '') errors.required(path.child('type'), 'must specify a metric target type');
  if (!TARGET_TYPES.includes(type)) errors.invalid(path.child('type'), type, 'must be either Utilization, Value, or AverageValue');
  if (value !== undefined && nanoValue(value) <= 0n) errors.invalid(path.child('value'), value, 'must be positive');
  if (averageValue !== undefined && nanoValue(averageValue) <= 0n) errors.invalid(path.child('averageValue'), averageValue, 'must be positive');
  if (averageUtilization !== undefined && averageUtilization < 1) errors.invalid(path.child('averageUtilization'), averageUtilization, 'must be greater than 0');
}

function checkIdentifier(metric: autoscaling.MetricIdentifier | undefined, path: FieldPath, errors: FieldErrors): void {
  const name = metric?.name ?? '';
  if (name === '') errors.required(path.child('name'), 'must specify a metric name');
  else errors.invalidEach(path.child('name'), name, isValidPathSegmentName(name));
}

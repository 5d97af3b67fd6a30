import { emptyAsGiven } from '../../../../kube/api/typed-object.ts';
import type * as resource from '../../../../kube/api/generated/resource/v1.ts';
import { isValidLabelValue } from '../../../../kube/apimachinery/name-validation.ts';
import { checkNodeSelector } from '../core/pod/validation/affinity.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import { checkDnsLabel, checkDnsSubdomain, checkLabelName, isEmpty, sizeOf } from '../validation/values.ts';
import { checkRequestPolicy } from './capacity-policy-validation.ts';
import { checkDeviceFieldName } from './device-names.ts';
import { checkSet } from './device-request-validation.ts';

/** One device of a ResourceSlice, and the counters that devices share (upstream: pkg/apis/resource/validation, 1.36). */
const MAX_ATTRIBUTES = 32;
const MAX_ATTRIBUTE_VALUES = 48;
const MAX_VALUE = 64;
const MAX_KEY = 63 + 1 + 32;
const MAX_TAINTS = 16;
const MAX_COUNTERS = 32;
const MAX_CONSUMED_SETS = 2;
const MAX_BINDING_CONDITIONS = 4;
const EFFECTS = ['NoExecute', 'NoSchedule', 'None'];
const IDENTIFIER = '(0|[1-9]\\d*)';
const PRERELEASE = '(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)';
/** semver.org 2.0.0. */
const VERSION = new RegExp(`^${IDENTIFIER}\\.${IDENTIFIER}\\.${IDENTIFIER}(-${PRERELEASE}(\\.${PRERELEASE})*)?(\\+[0-9a-zA-Z-]+(\\.[0-9a-zA-Z-]+)*)?$`);

export interface DeviceContext {
  readonly errors: FieldErrors;
  readonly perDevice: boolean;
  /** Unchanged taints were judged before. */
  readonly checkTaints: boolean;
}

export function checkDevice(device: resource.Device, path: FieldPath, { errors, perDevice, checkTaints }: DeviceContext): void {
  checkDnsLabel(device.name ?? '', path.child('name'), errors);
  const fields = sizeOf(device.attributes) + sizeOf(device.capacity);
  if (fields > MAX_ATTRIBUTES) errors.invalid(path, fields, `the total number of attributes and capacities must not exceed ${MAX_ATTRIBUTES}`);
  if (sizeOf(device.attributes) > MAX_ATTRIBUTE_VALUES) {
    errors.invalid(path, sizeOf(device.attributes), `the total number of attribute values must not exceed ${MAX_ATTRIBUTE_VALUES}`);
  }
  checkMap(device.attributes, { path: path.child('attributes'), errors, maxKey: MAX_KEY, checkKey: checkDeviceFieldName, check: checkAttribute });
  checkMap(device.capacity, {
    path: path.child('capacity'), errors, maxKey: MAX_KEY, checkKey: checkDeviceFieldName,
    check({ value, requestPolicy }, at) {
      if (requestPolicy === undefined) return;
      if (device.allowMultipleAllocations) checkRequestPolicy(value ?? '0', requestPolicy, at.child('requestPolicy'), errors);
      else errors.forbidden(at.child('requestPolicy'), 'allowMultipleAllocations must be true');
    },
  });
  if (checkTaints) checkSet(device.taints, { path: path.child('taints'), errors, maximum: MAX_TAINTS, check: checkTaint });
  checkSet(device.consumesCounters, {
    path: path.child('consumesCounters'), errors, maximum: MAX_CONSUMED_SETS, key: ({ counterSet }) => counterSet,
    check: ({ counterSet, counters }, at) => checkCounters({ name: counterSet, counters }, at, errors, 'counterSet'),
  });
  checkPlace(device, path, errors, perDevice);
  checkBindingConditions(device, path, errors);
}

function checkPlace(device: resource.Device, path: FieldPath, errors: FieldErrors, perDevice: boolean): void {
  const { nodeName, nodeSelector, allNodes } = device;
  const present = nodeName !== undefined || nodeSelector !== undefined || allNodes !== undefined;
  if (!perDevice) {
    const message = '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
    if (present) errors.invalid(path, null, message);
    return;
  }
  const set: string[] = [];
  if (nodeName === '') errors.invalid(path.child('nodeName'), nodeName, 'must not be empty');
  else if (nodeName !== undefined) {
    set.push('`nodeName`');
    checkDnsSubdomain(nodeName, path.child('nodeName'), errors);
  }
  if (nodeSelector !== undefined) {
    set.push('`nodeSelector`');
    checkNodeSelector(nodeSelector, path.child('nodeSelector'), errors);
  }
  if (allNodes === false) errors.invalid(path.child('allNodes'), allNodes, 'must be either unset or set to true');
  else if (allNodes) set.push('`allNodes`');
  const message = 'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  if (set.length === 0) errors.required(path, message);
  else if (set.length > 1) errors.invalid(path, `{${set.join(', ')}}`, message);
}

function checkAttribute(attribute: resource.DeviceAttribute, path: FieldPath, errors: FieldErrors): void {
  const { string, version } = attribute;
  if (string !== undefined && Buffer.byteLength(string) > MAX_VALUE) errors.tooLong(path.child('string'), MAX_VALUE);
  if (version !== undefined) {
    if (!VERSION.test(version)) errors.invalid(path.child('version'), version, 'must be a string compatible with semver.org spec 2.0.0');
    if (Buffer.byteLength(version) > MAX_VALUE) errors.tooLong(path.child('version'), MAX_VALUE);
  }
  const count = (['bool', 'int', 'string', 'version'] as const).filter((field) => attribute[field] !== undefined).length;
  const message = 'exactly one value must be specified';
  if (count === 0) errors.invalid(path, '', message);
  else if (count > 1) errors.invalid(path, internalAttribute(attribute), message);
}

function internalAttribute({ int, bool, string, version }: resource.DeviceAttribute): unknown {
  return {
    IntValue: int ?? null, BoolValue: bool ?? null, StringValue: string ?? null, VersionValue: version ?? null,
    IntValues: null, BoolValues: null, StringValues: null, VersionValues: null,
  };
}

function checkTaint({ key = '', value, effect }: resource.DeviceTaint, path: FieldPath, errors: FieldErrors): void {
  checkLabelName(key, path.child('key'), errors);
  if (value) errors.invalidEach(path.child('value'), value, isValidLabelValue(value));
  if (!effect) errors.required(path.child('effect'));
  else if (!EFFECTS.includes(effect)) errors.notSupported(path.child('effect'), effect, EFFECTS);
}

export function checkCounters(
  { name = '', counters }: { readonly name: string | undefined; readonly counters: Readonly<Record<string, resource.Counter>> | undefined },
  path: FieldPath, errors: FieldErrors, nameField: string,
): void {
  if (name === '') errors.required(path.child(nameField));
  else checkDnsLabel(name, path.child(nameField), errors);
  const at = path.child('counters');
  if (sizeOf(counters) === 0) errors.required(at);
  else if (sizeOf(counters) > MAX_COUNTERS) errors.tooMany(at, sizeOf(counters), MAX_COUNTERS);
  else for (const key of Object.keys(counters ?? {})) checkDnsLabel(key, at, errors);
}

type Bindings = { readonly bindingConditions?: readonly string[]; readonly bindingFailureConditions?: readonly string[] };

export function checkBindingConditions(device: Bindings, path: FieldPath, errors: FieldErrors): void {
  const { bindingConditions, bindingFailureConditions } = device;
  const good = bindingConditions ?? [];
  const bad = bindingFailureConditions ?? [];
  const goodPath = path.child('bindingConditions');
  const badPath = path.child('bindingFailureConditions');
  checkSet(good, { path: goodPath, errors, maximum: MAX_BINDING_CONDITIONS, check: checkLabelName });
  checkSet(bad, { path: badPath, errors, maximum: MAX_BINDING_CONDITIONS, check: checkLabelName });
  for (const [index, condition] of good.entries()) if (good.indexOf(condition) < index) errors.duplicate(goodPath.index(index), condition);
  for (const [index, condition] of bad.entries()) {
    if (bad.indexOf(condition) < index) errors.duplicate(badPath.index(index), condition);
    if (good.includes(condition)) errors.invalid(badPath.index(index), condition, 'bindingFailureConditions must not overlap with bindingConditions');
  }
  if (isEmpty(good) && !isEmpty(bad)) errors.invalid(goodPath, bindingConditions ?? emptyAsGiven(device, 'bindingConditions'), 'bindingConditions are required to use bindingFailureConditions');
  if (isEmpty(bad) && !isEmpty(good)) errors.invalid(badPath, bindingFailureConditions ?? emptyAsGiven(device, 'bindingFailureConditions'), 'bindingFailureConditions are required to use bindingConditions');
}

interface MapChecks<T> {
  readonly path: FieldPath;
  readonly errors: FieldErrors;
  /** Longer keys are shortened where they are printed. */
  readonly maxKey: number;
  readonly checkKey: (key: string, path: FieldPath, errors: FieldErrors) => void;
  readonly check: (item: T, path: FieldPath, errors: FieldErrors) => void;
}

/** Upstream reports a wrong key at the map, a wrong value at its key. */
function checkMap<T>(map: Readonly<Record<string, T>> | undefined, { path, errors, maxKey, checkKey, check }: MapChecks<T>): void {
  for (const [key, item] of Object.entries(map ?? {})) {
    checkKey(key, path, errors);
    check(item, path.key(shortened(key, maxKey)), errors);
  }
}

function shortened(text: string, maximum: number): string {
  if (text.length <= maximum) return text;
  const room = maximum - 3;
  return `${text.slice(0, Math.floor((room + 1) / 2))}...${text.slice(text.length - Math.floor(room / 2))}`;
}

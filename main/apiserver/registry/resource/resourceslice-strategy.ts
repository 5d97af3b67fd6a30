import type * as resource from '../../../../kube/api/generated/resource/v1.ts';
import { formatTime } from '../../../../kube/apimachinery/time.ts';
import { checkNodeSelector } from '../core/pod/validation/affinity.ts';
import type { StrategyContext } from '../generic/strategy.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH, type FieldPath } from '../validation/field-path.ts';
import { checkDnsLabel, checkDnsSubdomain, checkImmutable, checkLabelName, sizeOf } from '../validation/values.ts';
import { checkDeviceFieldName, checkDriverName, checkSet } from './device-request-validation.ts';

type Slice = resource.ResourceSlice;
const MAX_DEVICES = 128;
const MAX_ATTRIBUTES = 32;
const MAX_VALUE = 64;
const MAX_TAINTS = 16;
const EFFECTS = ['NoExecute', 'NoSchedule', 'None'];
const NODE_CHOICES = ['nodeName', 'nodeSelector', 'allNodes', 'perDeviceNodeSelection'] as const;
/** semver.org 2.0.0. */
const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[\dA-Za-z\-]+(\.[\dA-Za-z\-]+)*)?(\+[\dA-Za-z\-]+(\.[\dA-Za-z\-]+)*)?$/v;

export const resourceSliceStrategy = buildStrategy<Slice>({
  namespaced: false,
  generation: true,
  prepareForCreate: withTaintTimes,
  prepareForUpdate: (next, _previous, context) => withTaintTimes(next, context),
  check: ({ spec }, errors) => checkSpec(spec, errors),
  checkUpdate(next, previous, errors) {
    checkImmutable(next.spec.pool?.name, previous.spec.pool?.name, SPEC_PATH.child('pool').child('name'), errors);
    checkImmutable(next.spec.driver, previous.spec.driver, SPEC_PATH.child('driver'), errors);
    checkImmutable(next.spec.nodeName, previous.spec.nodeName, SPEC_PATH.child('nodeName'), errors);
  },
  selectableFields: ({ spec }) => ({ 'spec.nodeName': spec?.nodeName ?? '', 'spec.driver': spec?.driver ?? '' }),
});

/** A taint counts from when it was first seen. */
function withTaintTimes(slice: Slice, { now }: StrategyContext): Slice {
  const { devices } = slice.spec ?? {};
  if (!devices?.some(({ taints }) => taints?.some(({ timeAdded }) => timeAdded === undefined))) return slice;
  const timeAdded = formatTime(now);
  const dated = devices.map((device) => (device.taints ? { ...device, taints: device.taints.map((taint) => ({ ...taint, timeAdded: taint.timeAdded ?? timeAdded })) } : device));
  return { ...slice, spec: { ...slice.spec, devices: dated } };
}

function checkSpec(spec: resource.ResourceSliceSpec | undefined, errors: FieldErrors): void {
  checkDriverName(spec?.driver, SPEC_PATH.child('driver'), errors);
  checkPool(spec?.pool, SPEC_PATH.child('pool'), errors);
  checkNodeChoice(spec, errors);
  const perDevice = spec?.perDeviceNodeSelection ?? false;
  checkSet(spec?.devices, {
    path: SPEC_PATH.child('devices'), errors, maximum: MAX_DEVICES, key: ({ name }) => name,
    check: (device, path) => checkDevice(device, { path, errors, perDevice }),
  });
}

function checkPool(pool: resource.ResourcePool | undefined, path: FieldPath, errors: FieldErrors): void {
  const { name = '', generation = 0, resourceSliceCount = 0 } = pool ?? {};
  if (name === '') errors.required(path.child('name'));
  else for (const part of name.split('/')) checkDnsSubdomain(part, path.child('name'), errors);
  if (resourceSliceCount <= 0) errors.invalid(path.child('resourceSliceCount'), resourceSliceCount, 'must be greater than zero');
  if (generation < 0) errors.invalid(path.child('generation'), generation, 'must be greater than or equal to zero');
}

function checkNodeChoice(spec: resource.ResourceSliceSpec | undefined, errors: FieldErrors): void {
  const set = NODE_CHOICES.filter((field) => spec?.[field] !== undefined && spec[field] !== false);
  if (spec?.nodeName !== undefined) checkDnsSubdomain(spec.nodeName, SPEC_PATH.child('nodeName'), errors);
  if (spec?.nodeSelector) checkNodeSelector(spec.nodeSelector, SPEC_PATH.child('nodeSelector'), errors);
  const message = `exactly one of ${quoted(NODE_CHOICES)} is required`;
  if (set.length === 0) errors.required(SPEC_PATH, message);
  else if (set.length > 1) errors.invalid(SPEC_PATH, `{${quoted(set)}}`, `${message}, but multiple fields are set`);
}
function quoted(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function checkDevice(device: resource.Device, { path, errors, perDevice }: { readonly path: FieldPath; readonly errors: FieldErrors; readonly perDevice: boolean }): void {
  if (!device.name) errors.required(path.child('name'));
  else checkDnsLabel(device.name, path.child('name'), errors);
  if (sizeOf(device.attributes) + sizeOf(device.capacity) > MAX_ATTRIBUTES) {
    errors.invalid(path, sizeOf(device.attributes) + sizeOf(device.capacity), `the total number of attributes and capacities must not exceed ${MAX_ATTRIBUTES}`);
  }
  for (const [name, attribute] of Object.entries(device.attributes ?? {})) {
    const at = path.child('attributes').key(name);
    checkDeviceFieldName(name, at, errors);
    checkAttribute(attribute, at, errors);
  }
  for (const name of Object.keys(device.capacity ?? {})) checkDeviceFieldName(name, path.child('capacity').key(name), errors);
  checkSet(device.taints, { path: path.child('taints'), errors, maximum: MAX_TAINTS, check: checkTaint });
  const chosen = (['nodeName', 'nodeSelector', 'allNodes'] as const).filter((field) => device[field] !== undefined && device[field] !== false);
  if (perDevice && chosen.length !== 1) {
    const message = 'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
    if (chosen.length === 0) errors.required(path, message);
    else errors.invalid(path, `{${quoted(chosen)}}`, message);
  }
}

function checkAttribute(attribute: resource.DeviceAttribute, path: FieldPath, errors: FieldErrors): void {
  const values = Object.values(attribute ?? {}).filter((value) => value !== undefined && value !== null);
  if (attribute.string !== undefined && Buffer.byteLength(attribute.string) > MAX_VALUE) errors.tooLong(path.child('string'), MAX_VALUE);
  if (attribute.version !== undefined) {
    if (!VERSION.test(attribute.version)) errors.invalid(path.child('version'), attribute.version, 'must be a string compatible with semver.org spec 2.0.0');
    if (attribute.version.length > MAX_VALUE) errors.tooLong(path.child('version'), MAX_VALUE);
  }
  if (values.length !== 1) errors.invalid(path, '', 'exactly one value must be specified');
}

function checkTaint({ key, effect }: resource.DeviceTaint, path: FieldPath, errors: FieldErrors): void {
  if (!key) errors.required(path.child('key'));
  else checkLabelName(key, path.child('key'), errors);
  if (!effect) errors.required(path.child('effect'));
  else if (!EFFECTS.includes(effect)) errors.notSupported(path.child('effect'), effect, EFFECTS);
}

import type * as resource from '../../../../kube/api/generated/resource/v1.ts';
import { emptyAsGiven, wasGivenEmpty } from '../../../../kube/api/typed-object.ts';
import { formatTime } from '../../../../kube/apimachinery/time.ts';
import { checkNodeSelector } from '../core/pod/validation/affinity.ts';
import type { StrategyContext } from '../generic/strategy.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH, type FieldPath } from '../validation/field-path.ts';
import { internalValue } from '../validation/internal-shape.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';
import { checkDnsSubdomain, checkImmutable, isEmpty } from '../validation/values.ts';
import { checkDriverName, checkPoolName } from './device-names.ts';
import { checkSet } from './device-request-validation.ts';
import { checkCounters, checkDevice } from './device-validation.ts';

type Slice = resource.ResourceSlice;
const MAX_DEVICES = 128;
const MAX_DEVICES_WITH_EXTRAS = 64;
const MAX_COUNTER_SETS = 8;

export const resourceSliceStrategy = buildStrategy<Slice>({
  namespaced: false,
  generation: true,
  dropDisabled: withoutDisabledFields,
  prepareForCreate: withTaintTimes,
  prepareForUpdate: (next, _previous, context) => withTaintTimes(next, context),
  check: ({ spec }, errors) => checkSpec(spec, undefined, errors),
  checkUpdate: ({ spec }, previous, errors) => checkSpec(spec, previous.spec, errors),
  recheckOnUpdate: false,
  selectableFields: ({ spec }) => ({ 'spec.nodeName': spec?.nodeName ?? '', 'spec.driver': spec?.driver ?? '' }),
  warnings({ spec: { driver } }) {
    return driver === driver.toLowerCase() ? [] : [`spec.driver: driver names should be lowercase; ${JSON.stringify(driver)} contains uppercase characters`];
  },
});

/** DRANodeAllocatableResources and DRAListTypeAttributes are off by default in 1.36. */
function withoutDisabledFields(slice: Slice): Slice {
  const { devices } = slice.spec;
  if (!devices?.some(hasDisabledField)) return slice;
  return { ...slice, spec: { ...slice.spec, devices: devices.map((device) => (hasDisabledField(device) ? withoutDisabled(device) : device)) } };
}
function hasDisabledField({ nodeAllocatableResourceMappings, attributes }: resource.Device): boolean {
  return nodeAllocatableResourceMappings !== undefined || Object.values(attributes ?? {}).some(({ bools, ints, strings, versions }) => Boolean(bools ?? ints ?? strings ?? versions));
}
function withoutDisabled({ nodeAllocatableResourceMappings: _mappings, attributes, ...device }: resource.Device): resource.Device {
  if (attributes === undefined) return device;
  const kept = Object.entries(attributes).map(([name, { bools: _bools, ints: _ints, strings: _strings, versions: _versions, ...attribute }]) => [name, attribute] as const);
  return { ...device, attributes: Object.fromEntries(kept) };
}

/** A taint counts from when it was first seen. */
function withTaintTimes(slice: Slice, { now }: StrategyContext): Slice {
  const { devices } = slice.spec ?? {};
  if (!devices?.some(({ taints }) => taints?.some(({ timeAdded }) => timeAdded === undefined))) return slice;
  const timeAdded = formatTime(now);
  const dated = devices.map((device) => (device.taints ? { ...device, taints: device.taints.map((taint) => ({ ...taint, timeAdded: taint.timeAdded ?? timeAdded })) } : device));
  return { ...slice, spec: { ...slice.spec, devices: dated } };
}

function checkSpec(spec: resource.ResourceSliceSpec, previous: resource.ResourceSliceSpec | undefined, errors: FieldErrors): void {
  checkDriverName(spec.driver, SPEC_PATH.child('driver'), errors);
  checkPool(spec.pool, SPEC_PATH.child('pool'), errors);
  if (previous !== undefined) {
    checkImmutable(spec.pool?.name, previous.pool?.name, SPEC_PATH.child('pool').child('name'), errors);
    checkImmutable(spec.driver, previous.driver, SPEC_PATH.child('driver'), errors);
    if (spec.nodeName !== previous.nodeName) checkImmutable(spec.nodeName ?? null, previous.nodeName ?? null, SPEC_PATH.child('nodeName'), errors);
  }
  checkNodeChoice(spec, errors);
  const given = (field: 'sharedCounters' | 'devices') => spec[field] !== undefined || wasGivenEmpty(spec, field);
  if (given('sharedCounters') && given('devices')) errors.invalid(SPEC_PATH, '', 'only one of `sharedCounters` or `devices` is allowed');
  const hasExtras = spec.devices?.some(({ taints, consumesCounters }) => !isEmpty(taints) || !isEmpty(consumesCounters)) ?? false;
  checkSet(spec.devices, {
    path: SPEC_PATH.child('devices'), errors, maximum: hasExtras ? MAX_DEVICES_WITH_EXTRAS : MAX_DEVICES, key: ({ name }) => name,
    check(device, path) {
      const old = previous?.devices?.find(({ name }) => name === device.name);
      const checkTaints = old === undefined || !semanticEqual(old.taints, device.taints);
      checkDevice(device, path, { errors, perDevice: spec.perDeviceNodeSelection ?? false, checkTaints });
    },
  });
  checkSet(spec.sharedCounters, {
    path: SPEC_PATH.child('sharedCounters'), errors, maximum: MAX_COUNTER_SETS, key: ({ name }) => name,
    check: ({ name, counters }, path) => checkCounters({ name, counters }, path, errors, 'name'),
  });
}

function checkPool(pool: resource.ResourcePool | undefined, path: FieldPath, errors: FieldErrors): void {
  const { name = '', generation = 0, resourceSliceCount = 0 } = pool ?? {};
  checkPoolName(name, path.child('name'), errors);
  if (resourceSliceCount <= 0) errors.invalid(path.child('resourceSliceCount'), resourceSliceCount, 'must be greater than zero');
  if (generation < 0) errors.invalid(path.child('generation'), generation, 'must be greater than or equal to zero');
}

function checkNodeChoice({ nodeName, nodeSelector, allNodes, perDeviceNodeSelection }: resource.ResourceSliceSpec, errors: FieldErrors): void {
  const set: string[] = [];
  if (nodeName === '') errors.invalid(SPEC_PATH.child('nodeName'), nodeName, 'must be either unset or set to a non-empty string');
  else if (nodeName !== undefined) {
    set.push('`nodeName`');
    checkDnsSubdomain(nodeName, SPEC_PATH.child('nodeName'), errors);
  }
  if (nodeSelector !== undefined) {
    set.push('`nodeSelector`');
    checkNodeSelector(nodeSelector, SPEC_PATH.child('nodeSelector'), errors);
    const terms = nodeSelector.nodeSelectorTerms ?? [];
    const shown = terms.length === 0 ? (nodeSelector.nodeSelectorTerms ?? emptyAsGiven(nodeSelector, 'nodeSelectorTerms')) : terms.map((term) => internalValue('NodeSelectorTerm', term));
    if (terms.length !== 1) errors.invalid(SPEC_PATH.child('nodeSelector').child('nodeSelectorTerms'), shown, 'must have exactly one node selector term');
  }
  for (const [field, value] of [['allNodes', allNodes], ['perDeviceNodeSelection', perDeviceNodeSelection]] as const) {
    if (value === false) errors.invalid(SPEC_PATH.child(field), value, 'must be either unset or set to true');
    else if (value) set.push(`\`${field}\``);
  }
  const message = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (set.length === 0) errors.required(SPEC_PATH, message);
  else if (set.length > 1) errors.invalid(SPEC_PATH, `{${set.join(', ')}}`, `${message}, but multiple fields are set`);
}

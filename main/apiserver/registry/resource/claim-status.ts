import type * as resource from '../../../../kube/api/generated/resource/v1.ts';
import { checkNodeSelector } from '../core/pod/validation/affinity.ts';
import { checkConditions } from '../validation/conditions.ts';
import { FIELD_IMMUTABLE, type FieldErrors } from '../validation/field-errors.ts';
import { STATUS_PATH, type FieldPath } from '../validation/field-path.ts';
import { formatIp, parseCidr } from '../validation/ip-parse.ts';
import { withSpecAndMetaOf } from '../validation/parts.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';
import { checkDnsLabel, isEmpty } from '../validation/values.ts';
import { checkDriverName, checkPoolName, checkUid } from './device-names.ts';
import { checkConfiguration, checkRawObject, checkRequestReference, checkRequestReferences, checkSet, requestNames } from './device-request-validation.ts';
import { checkBindingConditions } from './device-validation.ts';

type Claim = resource.ResourceClaim;
type DeviceId = { readonly driver?: string; readonly pool?: string; readonly device?: string; readonly shareID?: string };
const MAX_CONSUMERS = 256;
const MAX_RESULTS = 32;
const MAX_CONFIGS = 64;
const MAX_CONDITIONS = 8;
const MAX_DATA_BYTES = 10 * 1024;
const MAX_INTERFACE_NAME = 256;
const MAX_HARDWARE_ADDRESS = 128;
const MAX_IPS = 16;
const SOURCES = ['FromClaim', 'FromClass'];
const RESERVED_FOR = STATUS_PATH.child('reservedFor');

/** A status write forgets the devices that are not allocated any more. */
export function prepareClaimStatus(next: Claim, previous: Claim): Claim {
  const kept = withSpecAndMetaOf(next, previous);
  const status = { ...kept.status };
  const gone = new Set(idsOf(previous.status?.allocation));
  for (const id of idsOf(status.allocation)) gone.delete(id);
  const devices = status.devices?.filter((device) => !gone.has(idOf(device)));
  if (isEmpty(devices)) delete status.devices;
  else if (devices !== undefined) status.devices = devices;
  return { ...kept, status };
}

function idsOf(allocation: resource.AllocationResult | undefined): string[] {
  return (allocation?.devices?.results ?? []).map(idOf);
}
function idOf({ driver = '', pool = '', device = '', shareID }: DeviceId): string {
  return `${driver}/${pool}/${device}${shareID === undefined ? '' : `/${shareID}`}`;
}

export function checkClaimStatus({ spec, status = {}, metadata }: Claim, { status: previous }: Claim, errors: FieldErrors): void {
  const { allocation, reservedFor, devices } = status;
  checkSet(reservedFor, {
    path: RESERVED_FOR, errors, maximum: MAX_CONSUMERS, key: ({ uid }) => uid,
    check(consumer, at) {
      for (const field of ['resource', 'name', 'uid'] as const) if (!consumer[field]) errors.required(at.child(field));
    },
  });
  const allocated = new Set(idsOf(allocation));
  checkSet(devices, {
    path: STATUS_PATH.child('devices'), errors, maximum: Infinity, key: idOf, check: (device, at) => checkDeviceStatus(device, allocated, at, errors),
  });
  if (!isEmpty(reservedFor)) {
    if (allocation === undefined) errors.forbidden(RESERVED_FOR, 'may not be specified when `allocated` is not set');
    else if (metadata.deletionTimestamp && reservedFor?.some((consumer) => !previous?.reservedFor?.some((old) => semanticEqual(old, consumer)))) {
      errors.forbidden(RESERVED_FOR, 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set');
    }
  }
  if (allocation === undefined) return;
  const path = STATUS_PATH.child('allocation');
  if (previous?.allocation === undefined) checkAllocation(allocation, requestNames(spec.devices?.requests ?? []), path, errors);
  else if (!semanticEqual(allocation, previous.allocation)) errors.invalid(path, allocation, FIELD_IMMUTABLE);
}

function checkAllocation({ devices, nodeSelector }: resource.AllocationResult, names: ReadonlySet<string>, path: FieldPath, errors: FieldErrors): void {
  checkSet(devices?.results, {
    path: path.child('devices').child('results'), errors, maximum: MAX_RESULTS,
    check(result, at) {
      checkRequestReference(result.request ?? '', names, at.child('request'), errors);
      checkDeviceId(result, at, errors);
      checkBindingConditions(result, at, errors);
      if (result.shareID !== undefined) checkUid(result.shareID, at.child('shareID'), errors);
    },
  });
  checkSet(devices?.config, {
    path: path.child('devices').child('config'), errors, maximum: MAX_CONFIGS,
    check(config, at) {
      if (!config.source) errors.required(at.child('source'));
      else if (!SOURCES.includes(config.source)) errors.notSupported(at.child('source'), config.source, SOURCES);
      checkRequestReferences(config.requests, names, at.child('requests'), errors);
      checkConfiguration(config, at, errors);
    },
  });
  if (nodeSelector !== undefined) checkNodeSelector(nodeSelector, path.child('nodeSelector'), errors);
}

function checkDeviceId({ driver, pool = '', device = '' }: DeviceId, path: FieldPath, errors: FieldErrors): void {
  checkDriverName(driver, path.child('driver'), errors);
  checkPoolName(pool, path.child('pool'), errors);
  checkDnsLabel(device, path.child('device'), errors);
}

function checkDeviceStatus(device: resource.AllocatedDeviceStatus, allocated: ReadonlySet<string>, path: FieldPath, errors: FieldErrors): void {
  checkDeviceId(device, path, errors);
  if (device.shareID !== undefined) checkUid(device.shareID, path.child('shareID'), errors);
  if (!allocated.has(idOf(device))) {
    const { driver = '', pool = '', device: name = '', shareID = '' } = device;
    errors.invalid(path, { Driver: driver, Pool: pool, Device: name, ShareID: shareID }, 'must be an allocated device in the claim');
  }
  const conditions = device.conditions ?? [];
  if (conditions.length > MAX_CONDITIONS) errors.tooMany(path.child('conditions'), conditions.length, MAX_CONDITIONS);
  checkConditions(conditions, path.child('conditions'), errors);
  if (device.data !== undefined) checkRawObject(device.data, path.child('data'), errors, MAX_DATA_BYTES);
  const network = device.networkData;
  if (network === undefined) return;
  const at = path.child('networkData');
  if (Buffer.byteLength(network.interfaceName ?? '') > MAX_INTERFACE_NAME) errors.tooLong(at.child('interfaceName'), MAX_INTERFACE_NAME);
  if (Buffer.byteLength(network.hardwareAddress ?? '') > MAX_HARDWARE_ADDRESS) errors.tooLong(at.child('hardwareAddress'), MAX_HARDWARE_ADDRESS);
  checkSet(network.ips, { path: at.child('ips'), errors, maximum: MAX_IPS, key: (ip) => ip, check: checkInterfaceAddress });
}

function checkInterfaceAddress(value: string, path: FieldPath, errors: FieldErrors): void {
  const cidr = parseCidr(value);
  if (cidr === undefined) {
    errors.invalid(path, value, 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)');
    return;
  }
  const length = cidr.ip.mapped ? Math.max(0, cidr.prefixLength - 96) : cidr.prefixLength;
  const canonical = `${formatIp(cidr.ip.bytes)}/${length}`;
  if (value !== canonical) errors.invalid(path, value, `must be in canonical form (${JSON.stringify(canonical)})`);
}

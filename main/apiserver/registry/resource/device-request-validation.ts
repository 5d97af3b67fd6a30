import type * as resource from '../../../../kube/api/generated/resource/v1.ts';
import { isValidLabelValue } from '../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import { checkDriverName, checkFullName } from './device-names.ts';
import { checkDnsLabel, checkDnsSubdomain, checkLabelName, isEmpty } from '../validation/values.ts';
import { checkDeviceExpression } from './device-expression.ts';

/** What claims and device classes ask for (upstream: pkg/apis/resource/validation, 1.36). */
const MAX_REQUESTS = 32;
const MAX_SELECTORS = 32;
const MAX_SUBREQUESTS = 8;
const MAX_CONFIGS = 32;
const MAX_PARAMETERS_BYTES = 10 * 1024;
const MAX_EXPRESSION_BYTES = 10 * 1024;
const ALLOCATION_MODES = ['All', 'ExactCount'];
/** What a selector sees of a device. */
const EFFECTS = ['NoExecute', 'NoSchedule', 'None'];

type Request = resource.ExactDeviceRequest | resource.DeviceSubRequest;

export function setClaimDefaults(spec: resource.ResourceClaimSpec | undefined): void {
  for (const { exactly, firstAvailable } of spec?.devices?.requests ?? []) {
    for (const request of [...(exactly ? [exactly] : []), ...(firstAvailable ?? [])]) {
      request.allocationMode ||= 'ExactCount';
      if (request.allocationMode === 'ExactCount') request.count ||= 1;
      for (const toleration of request.tolerations ?? []) toleration.operator ||= 'Equal';
    }
  }
}

export function checkClaimSpec(spec: resource.ResourceClaimSpec | undefined, path: FieldPath, errors: FieldErrors): void {
  const { requests, constraints, config } = spec?.devices ?? { requests: [] };
  const devices = path.child('devices');
  const names = requestNames(requests ?? []);
  checkSet(requests, { path: devices.child('requests'), errors, maximum: MAX_REQUESTS, check: checkRequest, key: ({ name }) => name });
  checkSet(constraints, {
    path: devices.child('constraints'), errors, maximum: MAX_REQUESTS, check: (constraint, at) => checkConstraint(constraint, names, at, errors),
  });
  checkSet(config, {
    path: devices.child('config'), errors, maximum: MAX_CONFIGS,
    check(entry, at) {
      checkRequestReferences(entry.requests, names, at.child('requests'), errors);
      checkConfiguration(entry, at, errors);
    },
  });
}

/** `gpu`, and `gpu/large` for each subrequest. */
export function requestNames(requests: readonly resource.DeviceRequest[]): ReadonlySet<string> {
  return new Set(requests.flatMap(({ name, firstAvailable }) => [name, ...(firstAvailable ?? []).map((sub) => `${name}/${sub.name}`)]));
}

function checkRequest({ name, exactly, firstAvailable }: resource.DeviceRequest, path: FieldPath, errors: FieldErrors): void {
  checkRequestName(name, path.child('name'), errors);
  const message = 'exactly one of `exactly` or `firstAvailable` is required';
  if (exactly && !isEmpty(firstAvailable)) errors.invalid(path, null, `${message}, but multiple fields are set`);
  else if (exactly) checkDeviceRequest(exactly, path.child('exactly'), errors);
  else if (isEmpty(firstAvailable)) errors.required(path, message);
  else {
    const check = (sub: resource.DeviceSubRequest, at: FieldPath): void => {
      checkRequestName(sub.name, at.child('name'), errors);
      checkDeviceRequest(sub, at, errors);
    };
    checkSet(firstAvailable, { path: path.child('firstAvailable'), errors, maximum: MAX_SUBREQUESTS, check, key: (sub) => sub.name });
  }
}

function checkRequestName(name: string | undefined, path: FieldPath, errors: FieldErrors): void {
  checkDnsLabel(name ?? '', path, errors);
}

function checkDeviceRequest(request: Request, path: FieldPath, errors: FieldErrors): void {
  const { deviceClassName, selectors, allocationMode, count = 0, tolerations } = request;
  if (!deviceClassName) errors.required(path.child('deviceClassName'));
  else checkDnsSubdomain(deviceClassName, path.child('deviceClassName'), errors);
  checkSelectors(selectors, path.child('selectors'), errors);
  const countPath = path.child('count');
  if (allocationMode === 'All') {
    if (count !== 0) errors.invalid(countPath, count, `must not be specified when allocationMode is '${allocationMode}'`);
  } else if (allocationMode === 'ExactCount') {
    if (count <= 0) errors.invalid(countPath, count, 'must be greater than zero');
  } else {
    errors.notSupported(path.child('allocationMode'), allocationMode, ALLOCATION_MODES);
  }
  for (const [index, toleration] of (tolerations ?? []).entries()) checkToleration(toleration, path.child('tolerations').index(index), errors);
}

function checkToleration({ key, operator, value, effect }: resource.DeviceToleration, path: FieldPath, errors: FieldErrors): void {
  if (key) checkLabelName(key, path.child('key'), errors);
  if (operator === 'Exists') {
    if (value) errors.invalid(path.child('value'), value, 'must be empty for operator `Exists`');
  } else if (operator === 'Equal') errors.invalidEach(path.child('value'), value ?? '', isValidLabelValue(value ?? ''));
  else if (!operator) errors.required(path.child('operator'));
  else errors.notSupported(path.child('operator'), operator, ['Equal', 'Exists']);
  if (effect && !EFFECTS.includes(effect)) errors.notSupported(path.child('effect'), effect, EFFECTS);
}

export function checkSelectors(selectors: readonly resource.DeviceSelector[] | undefined, path: FieldPath, errors: FieldErrors): void {
  checkSet(selectors, {
    path, errors, maximum: MAX_SELECTORS,
    check({ cel }, at) {
      if (!cel) errors.required(at.child('cel'));
      else checkExpression(cel.expression ?? '', at.child('cel').child('expression'), errors);
    },
  });
}

function checkExpression(expression: string, path: FieldPath, errors: FieldErrors): void {
  if (Buffer.byteLength(expression) > MAX_EXPRESSION_BYTES) {
    errors.tooLong(path, MAX_EXPRESSION_BYTES);
    return;
  }
  const { problem, isTooCostly } = checkDeviceExpression(expression);
  if (problem !== undefined) errors.invalid(path, expression, problem);
  else if (isTooCostly) errors.forbidden(path, 'too complex, exceeds cost limit');
}

function checkConstraint({ requests, matchAttribute, distinctAttribute }: resource.DeviceConstraint, names: ReadonlySet<string>, path: FieldPath, errors: FieldErrors): void {
  checkRequestReferences(requests, names, path.child('requests'), errors);
  if (matchAttribute !== undefined) checkFullName(matchAttribute, path.child('matchAttribute'), errors);
  else if (distinctAttribute !== undefined) checkFullName(distinctAttribute, path.child('distinctAttribute'), errors);
  // In these words upstream, although nothing is set.
  else errors.required(path, 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set');
}

export function checkRequestReferences(requests: readonly string[] | undefined, names: ReadonlySet<string>, path: FieldPath, errors: FieldErrors): void {
  checkSet(requests, { path, errors, maximum: MAX_REQUESTS, key: (name) => name, check: (name, at) => checkRequestReference(name, names, at, errors) });
}

export function checkRequestReference(name: string, names: ReadonlySet<string>, path: FieldPath, errors: FieldErrors): void {
  const segments = name.split('/');
  if (segments.length <= 2) for (const segment of segments) checkRequestName(segment, path, errors);
  if (segments.length <= 2 && names.has(name)) return;
  errors.invalid(path, name, "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'");
}

export function checkConfigurations(config: readonly resource.DeviceClassConfiguration[] | undefined, path: FieldPath, errors: FieldErrors): void {
  checkSet(config, { path, errors, maximum: MAX_CONFIGS, check: checkConfiguration });
}

export function checkConfiguration({ opaque }: resource.DeviceConfiguration, path: FieldPath, errors: FieldErrors): void {
  const at = path.child('opaque');
  if (!opaque) {
    errors.required(at);
    return;
  }
  checkDriverName(opaque.driver, at.child('driver'), errors);
  checkRawObject(opaque.parameters, at.child('parameters'), errors, MAX_PARAMETERS_BYTES);
}

/** A RawExtension that must be an object. */
export function checkRawObject(value: unknown, path: FieldPath, errors: FieldErrors, maximum: number): void {
  if (value === undefined || value === null) errors.required(path);
  else if (Buffer.byteLength(JSON.stringify(value)) > maximum) errors.tooLong(path, maximum);
  else if (typeof value !== 'object' || Array.isArray(value)) errors.invalid(path, '<value omitted>', 'must be a valid JSON object');
}

interface SetChecks<T> {
  readonly path: FieldPath;
  readonly errors: FieldErrors;
  readonly maximum: number;
  readonly check: (item: T, path: FieldPath, errors: FieldErrors) => void;
  readonly key?: (item: T) => string;
}

/** Each item, none twice, and not more than a bound. */
export function checkSet<T>(items: readonly T[] | undefined, { path, errors, maximum, check, key }: SetChecks<T>): void {
  if (items === undefined || items === null) return;
  if (items.length > maximum) {
    errors.tooMany(path, items.length, maximum);
    return;
  }
  for (const [index, item] of items.entries()) check(item, path.index(index), errors);
  if (key === undefined) return;
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const name = key(item) ?? '';
    if (seen.has(name)) errors.duplicate(path.index(index), name);
    seen.add(name);
  }
}

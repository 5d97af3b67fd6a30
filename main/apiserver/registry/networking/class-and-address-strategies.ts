import { emptyAsGiven } from '../../../../kube/api/typed-object.ts';
import type * as networking from '../../../../kube/api/generated/networking/v1.ts';
import { validateDomainPrefixedPath } from '../../../../kube/apimachinery/domain-validation.ts';
import { isDns1123Label, isDns1123Subdomain, isValidPathSegmentName } from '../../../../kube/apimachinery/name-validation.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import { withSpecAndMetaOf } from '../validation/parts.ts';
import { FIELD_IMMUTABLE, type FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH, type FieldPath } from '../validation/field-path.ts';
import { INVALID_CIDR, INVALID_IP } from '../validation/ip.ts';
import { formatIp, parseCidr, parseIp } from '../validation/ip-parse.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';
import { checkImmutable, isEmpty } from '../validation/values.ts';
import { checkTypedReference } from './ingress-strategy.ts';

const MAX_CONTROLLER_LENGTH = 250;
const SCOPES = ['Cluster', 'Namespace'];
const CIDRS = SPEC_PATH.child('cidrs');

export const ingressClassStrategy = buildStrategy<networking.IngressClass>({
  namespaced: false,
  generation: true,
  defaults({ spec }) {
    if (spec?.parameters !== undefined) spec.parameters.scope ??= 'Cluster';
  },
  check({ spec }, errors) {
    const controller = spec?.controller ?? '';
    if (controller.length > MAX_CONTROLLER_LENGTH) errors.tooLong(SPEC_PATH.child('controller'), MAX_CONTROLLER_LENGTH);
    errors.addAll(validateDomainPrefixedPath(controller, SPEC_PATH.child('controller').toString()));
    if (spec?.parameters !== undefined) checkParameters(spec.parameters, SPEC_PATH.child('parameters'), errors);
  },
  checkUpdate: (next, previous, errors) => checkImmutable(next.spec?.controller ?? '', previous.spec?.controller ?? '', SPEC_PATH.child('controller'), errors),
});

function checkParameters(parameters: networking.IngressClassParametersReference, path: FieldPath, errors: FieldErrors): void {
  checkTypedReference(parameters, path, errors);
  const { scope, namespace } = parameters;
  if (scope === undefined) {
    errors.required(path.child('scope'));
    return;
  }
  if (!SCOPES.includes(scope)) errors.notSupported(path.child('scope'), scope, SCOPES);
  else if (scope === 'Namespace') {
    if (namespace === undefined) errors.required(path.child('namespace'), "`parameters.scope` is set to 'Namespace'");
    else errors.invalidEach(path.child('namespace'), namespace, isDns1123Label(namespace));
  } else if (namespace !== undefined) errors.forbidden(path.child('namespace'), "`parameters.scope` is set to 'Cluster'");
}

export const ipAddressStrategy = buildStrategy<networking.IPAddress>({
  namespaced: false,
  check({ spec }, errors) {
    const reference = spec?.parentRef;
    const path = SPEC_PATH.child('parentRef');
    if (reference === undefined) {
      errors.required(path);
      return;
    }
    const { group, resource, name, namespace } = reference;
    if (group) errors.invalidEach(path.child('group'), group, isDns1123Subdomain(group));
    if (!resource) errors.required(path.child('resource'));
    else errors.invalidEach(path.child('resource'), resource, isValidPathSegmentName(resource));
    if (!name) errors.required(path.child('name'));
    else errors.invalidEach(path.child('name'), name, isValidPathSegmentName(name));
    if (namespace) errors.invalidEach(path.child('namespace'), namespace, isValidPathSegmentName(namespace));
  },
  checkUpdate(next, previous, errors) {
    if (semanticEqual(next.spec?.parentRef, previous.spec?.parentRef)) return;
    const { group = '', resource = '', namespace = '', name = '' } = next.spec?.parentRef ?? {};
    const value = next.spec?.parentRef === undefined ? null : { Group: group, Resource: resource, Namespace: namespace, Name: name };
    errors.invalid(SPEC_PATH.child('parentRef'), value, FIELD_IMMUTABLE);
  },
  recheckOnUpdate: 'first',
});

/** Names of IPAddresses are canonical addresses. */
export function validateIpAddressName(name: string): string[] {
  return canonicalIpMessages(name);
}
function canonicalIpMessages(value: string): string[] {
  const ip = parseIp(value);
  if (ip === undefined) return [INVALID_IP];
  if (ip.leadingZeros) return ['must not have leading 0s'];
  if (ip.mapped) return ['must not be an IPv4-mapped IPv6 address'];
  const canonical = formatIp(ip.bytes);
  return canonical === value ? [] : [`must be in canonical form ("${canonical}")`];
}

export const serviceCidrStrategy = buildStrategy<networking.ServiceCIDR>({
  namespaced: false,
  prepareForCreate: (range) => ({ ...range, status: {} }),
  check: checkCidrs,
  checkUpdate(next, previous, errors) {
    const after = next.spec?.cidrs ?? [];
    const before = previous.spec?.cidrs ?? [];
    if (before.length === after.length) {
      for (const [index, cidr] of before.entries()) if (after[index] !== cidr) errors.invalid(CIDRS.index(index), after[index], FIELD_IMMUTABLE);
    } else if (before.length === 1 && after.length === 2) {
      if (after[0] !== before[0]) errors.invalid(CIDRS.index(0), after[0], FIELD_IMMUTABLE);
      checkCidrs(next, errors);
    } else errors.invalid(CIDRS, next.spec?.cidrs ?? emptyAsGiven(next.spec ?? {}, 'cidrs'), FIELD_IMMUTABLE);
  },
  recheckOnUpdate: false,
  status: { prepare: withSpecAndMetaOf },
});

function checkCidrs({ spec }: networking.ServiceCIDR, errors: FieldErrors): void {
  const cidrs = spec?.cidrs ?? [];
  if (isEmpty(cidrs)) {
    errors.required(CIDRS, 'at least one CIDR required');
    return;
  }
  if (cidrs.length > 2) {
    errors.invalid(CIDRS, { CIDRs: cidrs }, 'may only hold up to 2 values');
    return;
  }
  for (const [index, cidr] of cidrs.entries()) errors.invalidEach(CIDRS.index(index), cidr, canonicalCidrMessages(cidr));
  const [first, second] = cidrs.map(parseCidr);
  if (first !== undefined && second !== undefined && first.ip.bytes.length === second.ip.bytes.length) {
    errors.invalid(CIDRS, cidrs, 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64');
  }
}

function canonicalCidrMessages(value: string): string[] {
  const cidr = parseCidr(value);
  if (cidr === undefined) return [INVALID_CIDR];
  const messages: string[] = [];
  if (cidr.ip.leadingZeros) messages.push('must not have leading 0s in IP');
  if (cidr.prefixLeadingZeros) messages.push('must not have leading 0s in prefix length');
  if (cidr.ip.mapped) messages.push('must not have an IPv4-mapped IPv6 address');
  if (cidr.hasHostBits) messages.push('must not have bits set beyond the prefix length');
  const canonical = `${formatIp(cidr.ip.bytes)}/${cidr.prefixLength}`;
  return messages.length === 0 && canonical !== value ? [`must be in canonical form ("${canonical}")`] : messages;
}

import { FieldErrors } from '../../validation/field-errors.ts';
import { SPEC_PATH } from '../../validation/field-path.ts';
import { checkLegacyIp, isDualStack } from '../../validation/ip.ts';
import { isIPv6 } from '../../validation/ip-parse.ts';
import { HEADLESS, isHeadless, needsClusterIP, type Service } from './service-kind.ts';

const FAMILIES = ['IPv4', 'IPv6'];
const POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const CLUSTER_IPS = SPEC_PATH.child('clusterIPs');
const IP_FAMILIES = SPEC_PATH.child('ipFamilies');
const POLICY = SPEC_PATH.child('ipFamilyPolicy');

/** clusterIP and clusterIPs say the same: old clients write the one, new clients the other. */
export function normalizeClusterIPs(next: Service, previous: Service | undefined): Service {
  const { clusterIP = '', clusterIPs = [] } = next.spec;
  if (previous === undefined) {
    return clusterIP !== '' && clusterIPs.length === 0 ? withClusterIPs(next, clusterIP, [clusterIP]) : next;
  }
  const before = previous.spec.clusterIP ?? '';
  const beforeList = previous.spec.clusterIPs ?? [];
  const sameList = beforeList.length === clusterIPs.length && beforeList.every((ip, index) => ip === clusterIPs[index]);
  if (clusterIP === '' && before !== '') return sameList ? withClusterIPs(next, '', []) : next;
  if (clusterIP !== before && sameList) return withClusterIPs(next, clusterIP, clusterIP === '' ? [] : [clusterIP]);
  return next;
}

export function withClusterIPs(service: Service, clusterIP: string, clusterIPs: readonly string[]): Service {
  const { clusterIP: _one, clusterIPs: _all, ...spec } = service.spec;
  return { ...service, spec: { ...spec, ...(clusterIP === '' ? {} : { clusterIP }), ...(clusterIPs.length === 0 ? {} : { clusterIPs: [...clusterIPs] }) } };
}

/** An update that names no address keeps the one it has. */
export function keepAllocatedValues(next: Service, previous: Service): Service {
  let spec = next.spec;
  if (needsClusterIP(previous) && needsClusterIP(next)) {
    if (!spec.clusterIP && previous.spec.clusterIP) spec = { ...spec, clusterIP: previous.spec.clusterIP };
    if ((spec.clusterIPs ?? []).length === 0 && spec.clusterIP === previous.spec.clusterIP && previous.spec.clusterIPs !== undefined) {
      spec = { ...spec, clusterIPs: previous.spec.clusterIPs };
    }
  }
  const hasPorts = (service: Service) => service.spec.type === 'NodePort' || service.spec.type === 'LoadBalancer';
  if (hasPorts(previous) && hasPorts(next) && spec.ports !== undefined) {
    const ports = spec.ports.map((port) => {
      if (port.nodePort) return port;
      const old = previous.spec.ports?.find((candidate) => candidate.protocol === port.protocol && candidate.port === port.port);
      const taken = old?.nodePort !== undefined && spec.ports?.some(({ nodePort }) => nodePort === old.nodePort);
      return old?.nodePort === undefined || taken ? port : { ...port, nodePort: old.nodePort };
    });
    spec = { ...spec, ports };
  }
  const needsCheck = (service: Service) => service.spec.type === 'LoadBalancer' && service.spec.externalTrafficPolicy === 'Local';
  if (needsCheck(previous) && needsCheck({ ...next, spec }) && !spec.healthCheckNodePort && previous.spec.healthCheckNodePort) {
    spec = { ...spec, healthCheckNodePort: previous.spec.healthCheckNodePort };
  }
  return spec === next.spec ? next : { ...next, spec };
}

export function checkClusterIPFields(service: Service, previous: Service | undefined, errors: FieldErrors): void {
  const { spec } = service;
  if (spec.type === 'ExternalName') return;
  const { clusterIP = '', clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec;
  if (clusterIP !== '') {
    if (clusterIPs.length === 0) errors.required(CLUSTER_IPS);
    else if (clusterIPs[0] !== clusterIP) errors.invalid(CLUSTER_IPS, clusterIPs, 'first value must match `clusterIP`');
  } else if (clusterIPs.length > 0) {
    errors.invalid(CLUSTER_IPS, clusterIPs, 'must be empty when `clusterIP` is not specified');
  }
  for (const [index, family] of ipFamilies.entries()) {
    if (!FAMILIES.includes(family)) errors.notSupported(IP_FAMILIES.index(index), family, FAMILIES);
    if (ipFamilies.indexOf(family) < index) errors.duplicate(IP_FAMILIES.index(index), family);
  }
  if (ipFamilyPolicy !== undefined && !POLICIES.includes(ipFamilyPolicy)) errors.notSupported(POLICY, ipFamilyPolicy, POLICIES);
  if (!checkAddresses(clusterIPs, previous?.spec.clusterIPs ?? [], errors)) return;
  if (clusterIPs.length > 1 && !isDualStack(clusterIPs)) {
    errors.invalid(CLUSTER_IPS, clusterIPs, 'may specify no more than one IP for each IP family');
  }
  if (isHeadless(service)) return;
  for (const [index, ip] of clusterIPs.entries()) {
    const family = ipFamilies[index];
    if (family === undefined || (family === 'IPv6') === isIPv6(ip)) continue;
    errors.invalid(CLUSTER_IPS.index(index), ip, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``);
  }
}

function checkAddresses(clusterIPs: readonly string[], previous: readonly string[], errors: FieldErrors): boolean {
  const before = errors.count;
  for (const [index, ip] of clusterIPs.entries()) {
    if (index === 0 && ip === HEADLESS) {
      if (clusterIPs.length > 1) errors.invalid(CLUSTER_IPS, clusterIPs, "'None' must be the first and only value");
    } else checkLegacyIp(ip, CLUSTER_IPS.index(index), errors, previous);
  }
  const valid = errors.count === before;
  if (clusterIPs.length > 2) errors.invalid(CLUSTER_IPS, clusterIPs, 'may only hold up to 2 values');
  return valid;
}

/** Addresses and families are kept once set; the second of each may come and go. */
export function checkClusterIPUpdate(next: Service, previous: Service, errors: FieldErrors): void {
  if (next.spec.type === 'ExternalName' || previous.spec.type === 'ExternalName') return;
  const headless = isHeadless(next);
  if (!(headless && isHeadless(previous))) checkKept('clusterIPs', next, previous, errors);
  if (headless === isHeadless(previous) && !headless) checkKept('ipFamilies', next, previous, errors);
}

function checkKept(field: 'clusterIPs' | 'ipFamilies', next: Service, previous: Service, errors: FieldErrors): void {
  const path = SPEC_PATH.child(field);
  const after = next.spec[field] ?? [];
  const before = previous.spec[field] ?? [];
  const badValue = next.spec[field] ?? null;
  if (before.length === after.length) {
    for (const [index, value] of before.entries()) {
      const at = field === 'clusterIPs' ? index : 0;
      if (after[index] !== value) errors.invalid(path.index(at), badValue, 'may not change once set');
    }
    return;
  }
  const noun = field === 'clusterIPs' ? 'clusterIP' : 'ipFamily';
  if (before.length > after.length && (next.spec.clusterIPs ?? []).length === 0) errors.invalid(path.index(0), badValue, `primary ${noun} can not be unset`);
  if (before.length > 0 && after.length > 0 && after[0] !== before[0]) errors.invalid(path.index(0), next.spec.clusterIPs ?? null, 'may not change once set');
  if (before.length > after.length && after.length === 1 && next.spec.ipFamilyPolicy !== 'SingleStack') {
    errors.invalid(POLICY, next.spec.ipFamilyPolicy ?? null, `must be set to 'SingleStack' when releasing the secondary ${noun}`);
  }
}

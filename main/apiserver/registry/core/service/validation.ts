import { FieldErrors } from '../../validation/field-errors.ts';
import { METADATA_PATH, ROOT_PATH, SPEC_PATH, STATUS_PATH, type FieldPath } from '../../validation/field-path.ts';
import { checkEndpointIp, checkLegacyCidr, checkLegacyIp } from '../../validation/ip.ts';
import { parseIp } from '../../validation/ip-parse.ts';
import { internalValue } from '../../validation/internal-shape.ts';
import { checkDnsLabel, checkDnsSubdomain, checkLabels, checkPortNumber, checkPortNumberOrName, checkQualifiedName, isEmpty } from '../../validation/values.ts';
import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { PROTOCOLS } from '../pod/validation/containers.ts';
import { checkClusterIPFields, checkClusterIPUpdate } from './cluster-ip-fields.ts';
import { isExternallyAccessible, isHeadless, needsHealthCheckPort, type Service } from './service-kind.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const AFFINITIES = ['ClientIP', 'None'];
const TRAFFIC_POLICIES = ['Cluster', 'Local'];
const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
const IP_MODES = ['Proxy', 'VIP'];
const MAX_AFFINITY_SECONDS = 86400;
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints';
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';
const ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'";
const PORTS = SPEC_PATH.child('ports');

export function validateServiceUpdate(next: Service, previous: Service): FieldErrors {
  const errors = new FieldErrors();
  checkClusterIPUpdate(next, previous, errors);
  checkLoadBalancerClass(next, previous, errors);
  if (needsHealthCheckPort(previous) && needsHealthCheckPort(next) && next.spec.healthCheckNodePort !== previous.spec.healthCheckNodePort) {
    errors.forbidden(SPEC_PATH.child('healthCheckNodePort'), 'field is immutable');
  }
  checkService(next, previous, errors);
  return errors;
}

export function checkService(service: Service, previous: Service | undefined, errors: FieldErrors): void {
  const { spec } = service;
  checkTopologyAnnotations(service, errors);
  if (isEmpty(spec.ports) && !isHeadless(service) && spec.type !== 'ExternalName') errors.required(PORTS);
  checkTypeFields(service, errors);
  checkPorts(service, errors);
  checkLabels(spec.selector, SPEC_PATH.child('selector'), errors);
  checkSessionAffinity(spec, errors);
  checkClusterIPFields(service, previous, errors);
  for (const [index, ip] of (spec.externalIPs ?? []).entries()) {
    const path = SPEC_PATH.child('externalIPs').index(index);
    const before = errors.count;
    checkLegacyIp(ip, path, errors, previous?.spec.externalIPs);
    if (errors.count === before) checkEndpointIp(ip, path, errors);
  }
  if (isEmpty(spec.type)) errors.required(SPEC_PATH.child('type'));
  else if (!TYPES.includes(spec.type as string)) errors.notSupported(SPEC_PATH.child('type'), spec.type, TYPES);
  checkPortUniqueness(spec, errors);
  checkSourceRanges(service, previous, errors);
  if (spec.allocateLoadBalancerNodePorts !== undefined && spec.type !== 'LoadBalancer') {
    errors.forbidden(SPEC_PATH.child('allocateLoadBalancerNodePorts'), ONLY_LOAD_BALANCER);
  }
  if (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts === undefined) errors.required(ROOT_PATH.child('allocateLoadBalancerNodePorts'));
  checkLoadBalancerClass(service, undefined, errors);
  checkTrafficPolicies(service, errors);
}

function checkTopologyAnnotations({ metadata }: Service, errors: FieldErrors): void {
  const hints = metadata.annotations?.[TOPOLOGY_HINTS];
  const mode = metadata.annotations?.[TOPOLOGY_MODE];
  if (hints === undefined || mode === undefined || hints === mode) return;
  errors.invalid(METADATA_PATH.child('annotations').key(TOPOLOGY_MODE), mode, `must match annotations[${TOPOLOGY_HINTS}] when both are specified`);
}

function checkTypeFields(service: Service, errors: FieldErrors): void {
  const { spec } = service;
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless(service)) {
    errors.invalid(SPEC_PATH.child('clusterIPs').index(0), 'None', `may not be set to 'None' for ${spec.type} services`);
  }
  if (spec.type !== 'ExternalName') return;
  const detail = 'may not be set for ExternalName services';
  if (!isEmpty(spec.clusterIPs)) errors.forbidden(SPEC_PATH.child('clusterIPs'), detail);
  if (!isEmpty(spec.ipFamilies)) errors.forbidden(SPEC_PATH.child('ipFamilies'), detail);
  if (spec.ipFamilyPolicy !== undefined) errors.forbidden(SPEC_PATH.child('ipFamilyPolicy'), detail);
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  if (name === '') errors.required(SPEC_PATH.child('externalName'));
  else checkDnsSubdomain(name, SPEC_PATH.child('externalName'), errors);
}

function checkPorts({ spec }: Service, errors: FieldErrors): void {
  const names = new Set<string>();
  const ports = spec.ports ?? [];
  for (const [index, port] of ports.entries()) {
    const path = PORTS.index(index);
    const name = port.name ?? '';
    if (name === '') {
      if (ports.length > 1) errors.required(path.child('name'));
    } else {
      checkDnsLabel(name, path.child('name'), errors);
      if (names.has(name)) errors.duplicate(path.child('name'), name);
      names.add(name);
    }
    checkPortNumber(port.port ?? 0, path.child('port'), errors);
    if (isEmpty(port.protocol)) errors.required(path.child('protocol'));
    else if (!PROTOCOLS.includes(port.protocol as string)) errors.notSupported(path.child('protocol'), port.protocol, PROTOCOLS);
    checkPortNumberOrName(port.targetPort, path.child('targetPort'), errors);
    if (port.appProtocol !== undefined) checkQualifiedName(port.appProtocol, path.child('appProtocol'), errors);
  }
}

function checkSessionAffinity(spec: core.ServiceSpec, errors: FieldErrors): void {
  const path = SPEC_PATH.child('sessionAffinity');
  const affinity = spec.sessionAffinity ?? '';
  if (affinity === '') errors.required(path);
  else if (!AFFINITIES.includes(affinity)) errors.notSupported(path, affinity, AFFINITIES);
  const configPath = SPEC_PATH.child('sessionAffinityConfig');
  const config = spec.sessionAffinityConfig;
  if (affinity === 'None' && config !== undefined) errors.forbidden(configPath, 'must not be set when session affinity is None');
  if (affinity !== 'ClientIP') return;
  const when = 'when session affinity type is ClientIP';
  const seconds = config?.clientIP?.timeoutSeconds;
  if (config === undefined) errors.required(configPath, when);
  else if (config.clientIP === undefined) errors.required(configPath.child('clientIP'), when);
  else if (seconds === undefined) errors.required(configPath.child('clientIP').child('timeoutSeconds'), when);
  else if (seconds <= 0 || seconds > MAX_AFFINITY_SECONDS) {
    errors.invalid(configPath.child('clientIP').child('timeoutSeconds'), seconds, `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`);
  }
}

function checkPortUniqueness(spec: core.ServiceSpec, errors: FieldErrors): void {
  const ports = spec.ports ?? [];
  if (spec.type === 'ClusterIP') {
    for (const [index, { nodePort }] of ports.entries()) {
      if (nodePort) errors.forbidden(PORTS.index(index).child('nodePort'), "may not be used when `type` is 'ClusterIP'");
    }
  }
  const nodePorts = new Set<string>();
  for (const [index, { protocol, nodePort }] of ports.entries()) {
    if (!nodePort) continue;
    const key = `${protocol}/${nodePort}`;
    if (nodePorts.has(key)) errors.duplicate(PORTS.index(index).child('nodePort'), nodePort);
    nodePorts.add(key);
  }
  const seen = new Set<string>();
  for (const [index, { protocol, port }] of ports.entries()) {
    const key = `${protocol}/${port}`;
    if (seen.has(key)) errors.duplicate(PORTS.index(index), internalValue('ServicePort', { protocol, port }));
    seen.add(key);
  }
}

function checkSourceRanges(service: Service, previous: Service | undefined, errors: FieldErrors): void {
  const { spec, metadata } = service;
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const annotation = metadata.annotations?.[SOURCE_RANGES];
  if (ranges.length > 0) {
    const path = SPEC_PATH.child('LoadBalancerSourceRanges');
    if (spec.type !== 'LoadBalancer') errors.forbidden(path, ONLY_LOAD_BALANCER);
    const before = previous?.spec.loadBalancerSourceRanges?.map((range) => range.trim());
    for (const [index, range] of ranges.entries()) checkLegacyCidr(range.trim(), path.index(index), errors, before);
  } else if (annotation !== undefined) {
    const path = METADATA_PATH.child('annotations').key(SOURCE_RANGES);
    if (spec.type !== 'LoadBalancer') errors.forbidden(path, ONLY_LOAD_BALANCER);
    if (annotation.trim() === '' || previous?.metadata.annotations?.[SOURCE_RANGES] === annotation) return;
    for (const range of annotation.split(',')) checkLegacyCidr(range.trim(), path, errors);
  }
}

function checkLoadBalancerClass(next: Service, previous: Service | undefined, errors: FieldErrors): void {
  const path = SPEC_PATH.child('loadBalancerClass');
  const { loadBalancerClass, type } = next.spec;
  if (previous?.spec.type === 'LoadBalancer' && type === 'LoadBalancer' && previous.spec.loadBalancerClass !== loadBalancerClass) {
    errors.invalid(path, loadBalancerClass ?? null, 'may not change once set');
  }
  if (loadBalancerClass === undefined) return;
  if (type === 'LoadBalancer') checkQualifiedName(loadBalancerClass, path, errors);
  else errors.forbidden(path, ONLY_LOAD_BALANCER);
}

function checkTrafficPolicies(service: Service, errors: FieldErrors): void {
  const { externalTrafficPolicy = '', healthCheckNodePort = 0, internalTrafficPolicy, trafficDistribution, type } = service.spec;
  const external = SPEC_PATH.child('externalTrafficPolicy');
  if (!isExternallyAccessible(service)) {
    if (externalTrafficPolicy !== '') errors.invalid(external, externalTrafficPolicy, 'may only be set for externally-accessible services');
  } else if (externalTrafficPolicy === '') errors.required(external);
  else if (!TRAFFIC_POLICIES.includes(externalTrafficPolicy)) errors.notSupported(external, externalTrafficPolicy, TRAFFIC_POLICIES);
  const check = SPEC_PATH.child('healthCheckNodePort');
  if (!needsHealthCheckPort(service)) {
    if (healthCheckNodePort !== 0) {
      errors.invalid(check, healthCheckNodePort, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
    }
  } else if (healthCheckNodePort === 0) errors.required(check);
  else checkPortNumber(healthCheckNodePort, check, errors);
  const internal = SPEC_PATH.child('internalTrafficPolicy');
  if (internalTrafficPolicy === undefined) {
    if (type === 'NodePort' || type === 'LoadBalancer' || type === 'ClusterIP') errors.required(internal);
  } else if (!TRAFFIC_POLICIES.includes(internalTrafficPolicy)) errors.notSupported(internal, internalTrafficPolicy, TRAFFIC_POLICIES);
  if (trafficDistribution !== undefined && !DISTRIBUTIONS.includes(trafficDistribution)) {
    errors.notSupported(SPEC_PATH.child('trafficDistribution'), trafficDistribution, DISTRIBUTIONS);
  }
}

export function checkServiceStatus(next: Service, previous: Service, errors: FieldErrors): void {
  checkLoadBalancerIngress(next.status?.loadBalancer?.ingress, previous.status?.loadBalancer?.ingress, errors, next.spec.type);
}

function checkLoadBalancerIngress(
  ingress: readonly core.LoadBalancerIngress[] | undefined,
  previous: readonly core.LoadBalancerIngress[] | undefined,
  errors: FieldErrors,
  type: string | undefined,
): void {
  const path: FieldPath = STATUS_PATH.child('loadBalancer').child('ingress');
  if (type !== 'LoadBalancer' && !isEmpty(ingress)) {
    errors.forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'");
    return;
  }
  const known = previous?.map(({ ip }) => ip ?? '') ?? [];
  for (const [index, { ip, ipMode, hostname }] of (ingress ?? []).entries()) {
    const itemPath = path.index(index);
    if (ip) checkLegacyIp(ip, itemPath.child('ip'), errors, known);
    if (ipMode === undefined) {
      if (ip) errors.required(itemPath.child('ipMode'), 'must be specified when `ip` is set');
    } else if (!ip) errors.forbidden(itemPath.child('ipMode'), 'may not be specified when `ip` is not set');
    else if (!IP_MODES.includes(ipMode)) errors.notSupported(itemPath.child('ipMode'), ipMode, IP_MODES);
    if (!hostname) continue;
    checkDnsSubdomain(hostname, itemPath.child('hostname'), errors);
    if (parseIp(hostname) !== undefined) errors.invalid(itemPath.child('hostname'), hostname, 'must be a DNS name, not an IP address');
  }
}

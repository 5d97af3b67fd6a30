import { buildStrategy } from '../../validation/build-strategy.ts';
import { ROOT_PATH } from '../../validation/field-path.ts';
import { ipWarnings, cidrWarnings } from '../../validation/ip-warnings.ts';
import { semanticEqual } from '../../validation/semantic-equal.ts';
import { goQuote } from '../../../../../kube/apimachinery/go-format.ts';
import { setServiceDefaults } from './defaults.ts';
import { HEADLESS, isExternallyAccessible, needsClusterIP, needsHealthCheckPort, needsNodePorts, type Service, type ServiceSpec } from './service-kind.ts';
import { checkService, checkServiceStatus, validateServiceUpdate } from './validation.ts';

const SPEC = ROOT_PATH.child('spec');
const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints';

/** Upstream: pkg/registry/core/service/strategy.go. */
export const serviceStrategy = buildStrategy<Service>({
  namespaced: true,
  allowCreateOnUpdate: true,
  defaults: setServiceDefaults,
  prepareForCreate: (service) => withoutHiddenPolicy({ ...service, status: { loadBalancer: {} } }),
  prepareForUpdate: (next, previous) => withoutHiddenPolicy(dropFieldsOfOldType(next, previous)),
  check: (service, errors) => checkService(service, undefined, errors),
  checkUpdate: (next, previous, errors) => errors.addAll(validateServiceUpdate(next, previous).list),
  recheckOnUpdate: false,
  status: { check: checkServiceStatus },
  selectableFields: ({ spec }) => ({ 'spec.clusterIP': spec.clusterIP ?? '', 'spec.type': spec.type ?? '' }),
  warnings,
});

/** Upstream stores this field of an ExternalName, and hides it from whoever reads. A wrong one is still refused. */
function withoutHiddenPolicy(service: Service): Service {
  const { internalTrafficPolicy, ...spec } = service.spec;
  const isHidden = spec.type === 'ExternalName' && (internalTrafficPolicy === 'Cluster' || internalTrafficPolicy === 'Local');
  return isHidden ? { ...service, spec } : service;
}

/** A client that changes only the type means that what belonged to the old type goes. */
function dropFieldsOfOldType(next: Service, previous: Service): Service {
  const spec: ServiceSpec = { ...next.spec };
  const old = previous.spec;
  if (needsClusterIP(previous) && !needsClusterIP(next)) {
    if (spec.clusterIP === old.clusterIP && semanticEqual(spec.clusterIPs, old.clusterIPs)) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (semanticEqual(spec.ipFamilies, old.ipFamilies)) delete spec.ipFamilies;
    if (spec.ipFamilyPolicy === old.ipFamilyPolicy) delete spec.ipFamilyPolicy;
  }
  if (needsNodePorts(previous) && !needsNodePorts(next) && spec.ports !== undefined) {
    const known = new Set((old.ports ?? []).map(({ nodePort }) => nodePort));
    if (spec.ports.every(({ nodePort }) => !nodePort || known.has(nodePort))) {
      spec.ports = spec.ports.map(({ nodePort: _dropped, ...port }) => port);
    }
  }
  if (needsHealthCheckPort(previous) && !needsHealthCheckPort(next) && spec.healthCheckNodePort === old.healthCheckNodePort) delete spec.healthCheckNodePort;
  if (old.type === 'LoadBalancer' && next.spec.type !== 'LoadBalancer') {
    if (spec.allocateLoadBalancerNodePorts === old.allocateLoadBalancerNodePorts) delete spec.allocateLoadBalancerNodePorts;
    if (spec.loadBalancerClass === old.loadBalancerClass) delete spec.loadBalancerClass;
  }
  if (isExternallyAccessible(previous) && !isExternallyAccessible(next) && spec.externalTrafficPolicy === old.externalTrafficPolicy) {
    delete spec.externalTrafficPolicy;
  }
  return next.spec.type === 'LoadBalancer' ? { ...next, spec } : { ...next, spec, status: { ...next.status, loadBalancer: {} } };
}

function warnings({ metadata, spec }: Service): string[] {
  const found: string[] = [];
  if (metadata.annotations?.[TOPOLOGY_HINTS] !== undefined) {
    found.push(`annotation ${TOPOLOGY_HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead`);
  }
  const headless = spec.type === 'ClusterIP' && spec.clusterIP === HEADLESS;
  if (spec.clusterIP && !headless) {
    for (const [index, ip] of (spec.clusterIPs ?? []).entries()) found.push(...ipWarnings(SPEC.child('clusterIPs').index(index), ip));
  }
  if (headless) {
    if (spec.loadBalancerIP) found.push('spec.loadBalancerIP is ignored for headless services');
    if ((spec.externalIPs ?? []).length > 0) found.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity !== 'None') found.push('spec.SessionAffinity is ignored for headless services');
  }
  for (const [index, ip] of (spec.externalIPs ?? []).entries()) found.push(...ipWarnings(SPEC.child('externalIPs').index(index), ip));
  if ((spec.externalIPs ?? []).length > 0 && !headless && spec.type !== 'ExternalName') found.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  if (spec.loadBalancerIP) found.push(...ipWarnings(SPEC.child('loadBalancerIP'), spec.loadBalancerIP));
  for (const [index, cidr] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    found.push(...cidrWarnings(SPEC.child('loadBalancerSourceRanges').index(index), cidr));
  }
  if (spec.type === 'ExternalName' && (spec.externalIPs ?? []).length > 0) found.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (spec.type !== 'ExternalName' && spec.externalName) found.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === 'PreferClose') {
    found.push(`spec.trafficDistribution: ${goQuote('PreferClose')} is deprecated; use ${goQuote('PreferSameZone')}`);
  }
  return found;
}

import type * as discovery from '../../../../kube/api/generated/discovery/v1.ts';
import { validateFullyQualifiedDomainName } from '../../../../kube/apimachinery/domain-validation.ts';
import { isDns1123Subdomain, isValidLabelValue } from '../../../../kube/apimachinery/name-validation.ts';
import { buildStrategy, collect } from '../validation/build-strategy.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { ROOT_PATH, type FieldPath } from '../validation/field-path.ts';
import { checkEndpointIp, checkLegacyIp } from '../validation/ip.ts';
import { isIPv4, isIPv6 } from '../validation/ip-parse.ts';
import { ipWarnings } from '../validation/ip-warnings.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';
import { checkDnsLabel, checkImmutable, checkLabels, checkObjectName, checkQualifiedName, isEmpty, sizeOf } from '../validation/values.ts';

type Slice = discovery.EndpointSlice;
const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const MAX_TOPOLOGY = 16;
const MAX_ADDRESSES = 100;
const MAX_PORTS = 20_000;
const MAX_ENDPOINTS = 1000;
const MAX_HINTS = 8;
/** The controllers whose slices have good addresses by construction. */
const ADDRESS_FIXERS = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'];
const ENDPOINTS = ROOT_PATH.child('endpoints');

/** Only v1beta1 clients could set the topology. */
function withoutTopology(slice: Slice): Slice {
  if (!slice.endpoints?.some(({ deprecatedTopology }) => deprecatedTopology !== undefined)) return slice;
  return { ...slice, endpoints: slice.endpoints.map(({ deprecatedTopology: _dropped, ...endpoint }) => endpoint) };
}

export const endpointSliceStrategy = buildStrategy<Slice>({
  namespaced: true,
  generation: true,
  defaults({ ports }) {
    for (const port of ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  prepareForCreate: withoutTopology,
  // Labels count for the generation as well, and so does what is not kept.
  prepareForUpdate(next, { metadata: previous }) {
    const { labels, generation } = next.metadata;
    const kept = withoutTopology(next);
    return kept === next && semanticEqual(labels, previous.labels) ? next : { ...kept, metadata: { ...next.metadata, generation: (generation ?? 0) + 1 } };
  },
  check(slice, errors) {
    checkHead(slice, errors);
    checkEndpoints(slice, errors);
  },
  checkUpdate(next, previous, errors) {
    checkHead(next, errors);
    const found = collect((endpointErrors) => checkEndpoints(next, endpointErrors));
    if (found.length > 0 && !semanticEqual(next.endpoints, previous.endpoints)) errors.addAll(found);
    checkImmutable(next.addressType ?? '', previous.addressType ?? '', ROOT_PATH.child('addressType'), errors);
  },
  recheckOnUpdate: false,
  warnings({ metadata, addressType, endpoints }, previous) {
    const deprecated = addressType === 'FQDN' && previous === undefined ? ['spec.addressType: FQDN endpoints are deprecated'] : [];
    if (ADDRESS_FIXERS.includes(metadata.labels?.['endpointslice.kubernetes.io/managed-by'] ?? '')) return deprecated;
    const addressWarnings = (endpoints ?? []).flatMap(({ addresses }, index) =>
      (addresses ?? []).flatMap((address, addressIndex) => ipWarnings(ENDPOINTS.index(index).child('addresses').index(addressIndex), address)),
    );
    return [...deprecated, ...addressWarnings];
  },
});

function checkHead({ addressType, ports = [] }: Slice, errors: FieldErrors): void {
  if (isEmpty(addressType)) errors.required(ROOT_PATH.child('addressType'));
  else if (!ADDRESS_TYPES.includes(addressType)) errors.notSupported(ROOT_PATH.child('addressType'), addressType, ADDRESS_TYPES);
  const path = ROOT_PATH.child('ports');
  if (ports.length > MAX_PORTS) {
    errors.tooMany(path, ports.length, MAX_PORTS);
    return;
  }
  const names = new Set<string>();
  for (const [index, { name = '', protocol, appProtocol }] of ports.entries()) {
    const portPath = path.index(index);
    if (name !== '') checkDnsLabel(name, portPath.child('name'), errors);
    if (names.has(name)) errors.duplicate(portPath.child('name'), name);
    names.add(name);
    if (protocol === undefined) errors.required(portPath.child('protocol'));
    else if (!PROTOCOLS.includes(protocol)) errors.notSupported(portPath.child('protocol'), protocol, PROTOCOLS);
    if (appProtocol !== undefined) checkQualifiedName(appProtocol, portPath.child('appProtocol'), errors);
  }
}

function checkEndpoints({ endpoints = [], addressType }: Slice, errors: FieldErrors): void {
  if (endpoints.length > MAX_ENDPOINTS) {
    errors.tooMany(ENDPOINTS, endpoints.length, MAX_ENDPOINTS);
    return;
  }
  for (const [index, endpoint] of endpoints.entries()) {
    const path = ENDPOINTS.index(index);
    const addresses = endpoint.addresses ?? [];
    if (addresses.length === 0) errors.required(path.child('addresses'), 'must contain at least 1 address');
    else if (addresses.length > MAX_ADDRESSES) errors.tooMany(path.child('addresses'), addresses.length, MAX_ADDRESSES);
    for (const [addressIndex, address] of addresses.entries()) checkAddress(address, path.child('addresses'), addressIndex, errors, addressType);
    if (endpoint.nodeName !== undefined) checkObjectName(endpoint.nodeName, path.child('nodeName'), errors);
    const topology = path.child('deprecatedTopology');
    if (sizeOf(endpoint.deprecatedTopology) > MAX_TOPOLOGY) errors.tooMany(topology, sizeOf(endpoint.deprecatedTopology), MAX_TOPOLOGY);
    checkLabels(endpoint.deprecatedTopology, topology, errors);
    if (endpoint.hostname !== undefined) checkDnsLabel(endpoint.hostname, path.child('hostname'), errors);
    if (endpoint.hints !== undefined) checkHints(endpoint.hints, path.child('hints'), errors);
  }
}

function checkAddress(address: string, path: FieldPath, index: number, errors: FieldErrors, addressType: string): void {
  if (addressType === 'FQDN') {
    errors.addAll(validateFullyQualifiedDomainName(address, path.index(index).toString()));
    return;
  }
  if (addressType !== 'IPv4' && addressType !== 'IPv6') return;
  const before = errors.count;
  checkLegacyIp(address, path.index(index), errors);
  if (errors.count > before) return;
  if (addressType === 'IPv4' ? !isIPv4(address) : !isIPv6(address)) errors.invalid(path, address, `must be an ${addressType} address`);
  checkEndpointIp(address, path.index(index), errors);
}

function checkHints({ forZones = [], forNodes = [] }: discovery.EndpointHints, path: FieldPath, errors: FieldErrors): void {
  const lists = [
    { names: forZones.map(({ name }) => name), listPath: path.child('forZones'), messages: isValidLabelValue },
    { names: forNodes.map(({ name }) => name), listPath: path.child('forNodes'), messages: isDns1123Subdomain },
  ];
  for (const { names, listPath, messages } of lists) {
    if (names.length > MAX_HINTS) {
      errors.tooMany(listPath, names.length, MAX_HINTS);
      return;
    }
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) < index) errors.duplicate(listPath.index(index).child('name'), name);
      errors.invalidEach(listPath.index(index).child('name'), name, messages(name));
    }
  }
}

import type * as networking from '../../../../kube/api/generated/networking/v1.ts';
import { isValidPortName, isValidPortNumber } from '../../../../kube/apimachinery/name-validation.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH, type FieldPath } from '../validation/field-path.ts';
import { checkLegacyCidr } from '../validation/ip.ts';
import { cidrContains, parseCidr } from '../validation/ip-parse.ts';
import { cidrWarnings } from '../validation/ip-warnings.ts';
import { checkLabelSelector } from '../validation/label-selector.ts';
import { isEmpty } from '../validation/values.ts';

type Policy = networking.NetworkPolicy;
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
const POLICY_TYPES = ['Ingress', 'Egress'];

export const networkPolicyStrategy = buildStrategy<Policy>({
  namespaced: true,
  generation: 'exactly',
  defaults({ spec }) {
    if (spec === undefined) return;
    if (isEmpty(spec.policyTypes)) spec.policyTypes = isEmpty(spec.egress) ? ['Ingress'] : ['Ingress', 'Egress'];
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
  },
  check: (policy, errors) => checkSpec(policy.spec ?? { podSelector: {} }, errors, []),
  checkUpdate: (next, previous, errors) => checkSpec(next.spec ?? { podSelector: {} }, errors, cidrsOf(previous).map(({ cidr }) => cidr)),
  recheckOnUpdate: false,
  warnings: (policy) => cidrsOf(policy).flatMap(({ cidr, path }) => cidrWarnings(path, cidr)),
});

/** Rules of both directions, with their peers and paths. */
function* rulesOf(spec: networking.NetworkPolicySpec | undefined): Generator<{
  readonly ports: readonly networking.NetworkPolicyPort[];
  readonly peers: readonly networking.NetworkPolicyPeer[];
  readonly path: FieldPath;
  readonly peerField: 'from' | 'to';
}> {
  for (const [index, { ports = [], from = [] }] of (spec?.ingress ?? []).entries()) {
    yield { ports, peers: from, path: SPEC_PATH.child('ingress').index(index), peerField: 'from' };
  }
  for (const [index, { ports = [], to = [] }] of (spec?.egress ?? []).entries()) {
    yield { ports, peers: to, path: SPEC_PATH.child('egress').index(index), peerField: 'to' };
  }
}

function cidrsOf({ spec }: Policy): { readonly cidr: string; readonly path: FieldPath }[] {
  const found: { cidr: string; path: FieldPath }[] = [];
  for (const { peers, path, peerField } of rulesOf(spec)) {
    for (const [index, { ipBlock }] of peers.entries()) {
      if (ipBlock === undefined) continue;
      const blockPath = path.child(peerField).index(index).child('ipBlock');
      found.push({ cidr: ipBlock.cidr, path: blockPath.child('cidr') });
      for (const [exceptIndex, cidr] of (ipBlock.except ?? []).entries()) found.push({ cidr, path: blockPath.child('except').index(exceptIndex) });
    }
  }
  return found;
}

function checkSpec(spec: networking.NetworkPolicySpec, errors: FieldErrors, known: readonly string[]): void {
  checkLabelSelector(spec.podSelector, SPEC_PATH.child('podSelector'), errors);
  for (const { ports, peers, path, peerField } of rulesOf(spec)) {
    for (const [index, port] of ports.entries()) checkPort(port, path.child('ports').index(index), errors);
    for (const [index, peer] of peers.entries()) checkPeer(peer, path.child(peerField).index(index), errors, known);
  }
  const types = spec.policyTypes ?? [];
  const typesPath = SPEC_PATH.child('policyTypes');
  if (types.length > POLICY_TYPES.length) {
    errors.invalid(typesPath, types, 'may not specify more than two policyTypes');
    return;
  }
  for (const [index, type] of types.entries()) if (!POLICY_TYPES.includes(type)) errors.notSupported(typesPath.index(index), type, POLICY_TYPES);
}

function checkPort({ protocol, port, endPort }: networking.NetworkPolicyPort, path: FieldPath, errors: FieldErrors): void {
  if (protocol !== undefined && !PROTOCOLS.includes(protocol)) errors.notSupported(path.child('protocol'), protocol, PROTOCOLS);
  const endPath = path.child('endPort');
  if (port === undefined) {
    if (endPort !== undefined) errors.invalid(endPath, endPort, 'may not be specified when `port` is not specified');
  } else if (typeof port === 'number') {
    errors.invalidEach(path.child('port'), port, isValidPortNumber(port));
    if (endPort === undefined) return;
    if (endPort < port) errors.invalid(endPath, port, 'must be greater than or equal to `port`');
    errors.invalidEach(endPath, endPort, isValidPortNumber(endPort));
  } else {
    if (endPort !== undefined) errors.invalid(endPath, endPort, 'may not be specified when `port` is non-numeric');
    errors.invalidEach(path.child('port'), port, isValidPortName(port));
  }
}

function checkPeer({ podSelector, namespaceSelector, ipBlock }: networking.NetworkPolicyPeer, path: FieldPath, errors: FieldErrors, known: readonly string[]): void {
  checkLabelSelector(podSelector, path.child('podSelector'), errors);
  checkLabelSelector(namespaceSelector, path.child('namespaceSelector'), errors);
  if (ipBlock !== undefined) checkBlock(ipBlock, path.child('ipBlock'), errors, known);
  const selectors = podSelector !== undefined || namespaceSelector !== undefined;
  if (!selectors && ipBlock === undefined) errors.required(path, 'must specify a peer');
  else if (selectors && ipBlock !== undefined) errors.forbidden(path, 'may not specify both ipBlock and another peer');
}

function checkBlock({ cidr = '', except = [] }: networking.IPBlock, path: FieldPath, errors: FieldErrors, known: readonly string[]): void {
  if (cidr === '') {
    errors.required(path.child('cidr'));
    return;
  }
  checkLegacyCidr(cidr, path.child('cidr'), errors, known);
  const outer = parseCidr(cidr);
  if (outer === undefined) return;
  for (const [index, text] of except.entries()) {
    const exceptPath = path.child('except').index(index);
    checkLegacyCidr(text, exceptPath, errors, known);
    const inner = parseCidr(text);
    if (inner === undefined) continue;
    if (!cidrContains(outer, inner.ip) || outer.prefixLength >= inner.prefixLength) errors.invalid(exceptPath, text, 'must be a strict subset of `cidr`');
  }
}

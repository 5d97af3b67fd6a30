import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { buildStrategy, collect } from '../../validation/build-strategy.ts';
import type { FieldErrors } from '../../validation/field-errors.ts';
import { ROOT_PATH, type FieldPath } from '../../validation/field-path.ts';
import { checkEndpointIp, checkLegacyIp } from '../../validation/ip.ts';
import { ipWarnings } from '../../validation/ip-warnings.ts';
import { semanticEqual } from '../../validation/semantic-equal.ts';
import { checkDnsLabel, checkObjectName, checkPortNumber, checkQualifiedName, isEmpty } from '../../validation/values.ts';
import { PROTOCOLS } from '../pod/validation/containers.ts';

type Endpoints = core.Endpoints;
const SUBSETS = ROOT_PATH.child('subsets');

export const endpointsStrategy = buildStrategy<Endpoints>({
  namespaced: true,
  allowCreateOnUpdate: true,
  defaults({ subsets }) {
    for (const subset of subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
  },
  check: checkSubsets,
  // Objects from before a rule may keep their subsets as they are.
  checkUpdate(next, previous, errors) {
    const found = collect((subsetErrors) => checkSubsets(next, subsetErrors));
    if (found.length > 0 && !semanticEqual(next.subsets, previous.subsets)) errors.addAll(found);
  },
  recheckOnUpdate: false,
  warnings,
});

function checkSubsets({ subsets }: Endpoints, errors: FieldErrors): void {
  for (const [index, subset] of (subsets ?? []).entries()) {
    const path = SUBSETS.index(index);
    if (isEmpty(subset.addresses) && isEmpty(subset.notReadyAddresses)) errors.required(path, 'must specify `addresses` or `notReadyAddresses`');
    for (const field of ['addresses', 'notReadyAddresses'] as const) {
      for (const [addressIndex, address] of (subset[field] ?? []).entries()) checkAddress(address, path.child(field).index(addressIndex), errors);
    }
    for (const [portIndex, port] of (subset.ports ?? []).entries()) {
      checkPort(port, path.child('ports').index(portIndex), errors, (subset.ports ?? []).length > 1);
    }
  }
}

function checkAddress({ ip = '', hostname, nodeName }: core.EndpointAddress, path: FieldPath, errors: FieldErrors): void {
  checkLegacyIp(ip, path.child('ip'), errors);
  if (hostname) checkDnsLabel(hostname, path.child('hostname'), errors);
  if (nodeName !== undefined) checkObjectName(nodeName, path.child('nodeName'), errors);
  checkEndpointIp(ip, path.child('ip'), errors);
}

function checkPort({ name, port, protocol, appProtocol }: core.EndpointPort, path: FieldPath, errors: FieldErrors, requireName: boolean): void {
  if (!name) {
    if (requireName) errors.required(path.child('name'));
  } else checkDnsLabel(name, path.child('name'), errors);
  checkPortNumber(port ?? 0, path.child('port'), errors);
  if (isEmpty(protocol)) errors.required(path.child('protocol'));
  else if (!PROTOCOLS.includes(protocol as string)) errors.notSupported(path.child('protocol'), protocol, PROTOCOLS);
  if (appProtocol !== undefined) checkQualifiedName(appProtocol, path.child('appProtocol'), errors);
}

function warnings({ subsets }: Endpoints): string[] {
  return (subsets ?? []).flatMap((subset, index) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap((field) =>
      (subset[field] ?? []).flatMap(({ ip }, addressIndex) => ipWarnings(SUBSETS.index(index).child(field).index(addressIndex).child('ip'), ip ?? '')),
    ),
  );
}

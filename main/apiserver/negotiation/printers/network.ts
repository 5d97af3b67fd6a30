import type { Lease } from '../../../../kube/api/generated/coordination/v1.ts';
import type { EndpointPort, EndpointSlice } from '../../../../kube/api/generated/discovery/v1.ts';
import type { Ingress, IngressClass, IPAddress, NetworkPolicy, ParentReference, ServiceCIDR } from '../../../../kube/api/generated/networking/v1.ts';
import type { RuntimeClass } from '../../../../kube/api/generated/node/v1.ts';
import type { ResourceClaim, ResourceSlice } from '../../../../kube/api/generated/resource/v1.ts';
import type { PriorityClass } from '../../../../kube/api/generated/scheduling/v1.ts';
import { formatLabelSelectorSpec } from '../../../../kube/apimachinery/label-selector.ts';
import { AGE, age, listWithMore, NAME, NONE, printer, UNSET } from './printer.ts';

function ingressHosts({ spec }: Ingress): string {
  const hosts = (spec.rules ?? []).flatMap(({ host }) => (host ? [host] : []));
  return hosts.length === 0 ? '*' : listWithMore(hosts, 3);
}

function ingressAddress({ status }: Ingress): string {
  const names = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter((name) => name !== '');
  return [...new Set(names)].sort().join(',');
}

export const ingressPrinter = printer<Ingress>({
  columns: [
    NAME, 'Class|string|0|The name of the IngressClass resource that should be used for additional configuration',
    'Hosts|string|0|Hosts that incoming requests are matched against before the ingress rule',
    'Address|string|0|Address is a list containing ingress points for the load-balancer', 'Ports|string|0|Ports of TLS configurations that open', AGE,
  ],
  cells: (object, context) => [
    object.metadata.name, object.spec.ingressClassName ?? NONE, ingressHosts(object), ingressAddress(object),
    (object.spec.tls?.length ?? 0) > 0 ? '80, 443' : '80', age(object, context),
  ],
});

export const ingressClassPrinter = printer<IngressClass>({
  columns: [
    NAME, 'Controller|string|0|Controller that is responsible for handling this class', 'Parameters|string|0|A reference to a resource with additional parameters', AGE,
  ],
  cells(object, context) {
    const { controller, parameters } = object.spec;
    const kind = parameters?.apiGroup ? `${parameters.kind}.${parameters.apiGroup}` : parameters?.kind;
    return [object.metadata.name, controller ?? '', parameters ? `${kind}/${parameters.name}` : NONE, age(object, context)];
  },
});

export const networkPolicyPrinter = printer<NetworkPolicy>({
  columns: [NAME, 'Pod-Selector|string|0|@networking/v1.NetworkPolicySpec.podSelector', AGE],
  cells: (object, context) => [object.metadata.name, formatLabelSelectorSpec(object.spec.podSelector), age(object, context)],
});

/** `services/default/web` */
function parentName(parent: ParentReference | undefined): string {
  if (parent === undefined) return NONE;
  const { group, resource = '', namespace, name } = parent;
  const type = (group ? `${resource}.${group}` : resource).toLowerCase();
  return [type, ...(namespace ? [namespace] : []), name].join('/');
}

export const ipAddressPrinter = printer<IPAddress>({
  // Upstream has three cells here, and no column for the age.
  columns: [NAME, 'ParentRef|string|0|@networking/v1.IPAddressSpec.parentRef'],
  cells(object, context) {
    return [object.metadata.name, parentName(object.spec.parentRef), age(object, context)];
  },
});

export const serviceCIDRPrinter = printer<ServiceCIDR>({
  columns: [NAME, 'CIDRs|string|0|@networking/v1.ServiceCIDRSpec.cidrs', AGE],
  cells: (object, context) => [object.metadata.name, object.spec.cidrs?.join(',') ?? '', age(object, context)],
});

function slicePorts(ports: readonly EndpointPort[] | undefined): string {
  const numbers = (ports ?? []).map(({ port, name }) => String(port ?? (name || '*')));
  return listWithMore(numbers, 3) || UNSET;
}

export const endpointSlicePrinter = printer<EndpointSlice>({
  columns: [
    NAME, 'AddressType|string|0|@discovery/v1.EndpointSlice.addressType', 'Ports|string|0|@discovery/v1.EndpointSlice.ports',
    'Endpoints|string|0|@discovery/v1.EndpointSlice.endpoints', AGE,
  ],
  cells: (object, context) => [
    object.metadata.name, object.addressType, slicePorts(object.ports),
    listWithMore((object.endpoints ?? []).flatMap(({ addresses }) => addresses ?? []), 3) || UNSET, age(object, context),
  ],
});

export const leasePrinter = printer<Lease>({
  columns: [NAME, 'Holder|string|0|@coordination/v1.LeaseSpec.holderIdentity', AGE],
  cells: (object, context) => [object.metadata.name, object.spec.holderIdentity ?? '', age(object, context)],
});

export const runtimeClassPrinter = printer<RuntimeClass>({
  columns: [NAME, 'Handler|string|0|', AGE],
  cells: (object, context) => [object.metadata.name, object.handler, age(object, context)],
});

export const priorityClassPrinter = printer<PriorityClass>({
  columns: [
    NAME, 'Value|integer|0|@scheduling/v1.PriorityClass.value', 'Global-Default|boolean|0|@scheduling/v1.PriorityClass.globalDefault', AGE,
    'PreemptionPolicy|string|0|@scheduling/v1.PriorityClass.preemptionPolicy',
  ],
  cells: (object, context) => [
    object.metadata.name, object.value, object.globalDefault ?? false, age(object, context), object.preemptionPolicy ?? '',
  ],
});

function claimState({ metadata, status }: ResourceClaim): string {
  const states: string[] = [];
  if (metadata.deletionTimestamp !== undefined) states.push('deleted');
  if (!status?.allocation) {
    if (metadata.deletionTimestamp === undefined) states.push('pending');
  } else {
    states.push('allocated');
    if ((status.reservedFor?.length ?? 0) > 0) states.push('reserved');
  }
  return states.join(',');
}

export const resourceClaimPrinter = printer<ResourceClaim>({
  columns: [NAME, 'State|string|0|A summary of the current state (allocated, pending, reserved, etc.).', AGE],
  cells: (object, context) => [object.metadata.name, claimState(object), age(object, context)],
});

export const resourceSlicePrinter = printer<ResourceSlice>({
  columns: [
    NAME, 'Node|string|0|@resource/v1.ResourceSliceSpec.nodeName', 'Driver|string|0|@resource/v1.ResourceSliceSpec.driver',
    'Pool|string|0|@resource/v1.ResourcePool.name', AGE,
  ],
  cells: (object, context) => [
    object.metadata.name, object.spec.nodeName ?? '', object.spec.driver, object.spec.pool.name, age(object, context),
  ],
});

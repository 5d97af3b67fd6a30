import * as core from '../../../../../kube/api/generated/core/v1.ts';
import type { ResourceDefinition } from '../../generic/resource-definition.ts';
import { nameIsDnsLabel } from '../../validation/values.ts';
import { ServiceAllocators } from './allocation.ts';
import { IpAllocator } from './ip-allocator.ts';
import { PortAllocator } from './port-allocator.ts';
import type { Service } from './service-kind.ts';
import { serviceStrategy } from './strategy.ts';

export interface ServiceRanges {
  readonly serviceCIDR: string;
  readonly nodePortRange: { readonly first: number; readonly last: number };
  readonly random: () => number;
}

export function serviceDefinition({ serviceCIDR, nodePortRange, random }: ServiceRanges): ResourceDefinition<Service> {
  const ips = serviceCIDR.split(',').map((cidr) => new IpAllocator(cidr, random));
  const { beginCreate, beginUpdate, afterDelete, restore } = new ServiceAllocators(ips, new PortAllocator(nodePortRange, random));
  return { resource: core.services, strategy: serviceStrategy, validateName: nameIsDnsLabel, beginCreate, beginUpdate, afterDelete, restore };
}

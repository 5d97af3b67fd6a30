import * as core from '../../../../../kube/api/generated/core/v1.ts';
import type { Clock } from '../../../../../kube/apimachinery/clock.ts';
import type { MetricsRegistry } from '../../../../../kube/apimachinery/metrics/metrics-registry.ts';
import type { ResourceDefinition } from '../../generic/resource-definition.ts';
import { nameIsDnsLabel } from '../../validation/values.ts';
import { AllocatorMetrics } from './allocator-metrics.ts';
import { ServiceAllocators } from './allocation.ts';
import { IpAllocator } from './ip-allocator.ts';
import { PortAllocator } from './port-allocator.ts';
import type { Service } from './service-kind.ts';
import { serviceStrategy } from './strategy.ts';

export interface ServiceRanges {
  readonly serviceCIDR: string;
  readonly nodePortRange: { readonly first: number; readonly last: number };
  readonly random: () => number;
  /** Absent: nothing is counted. */
  readonly counted?: { readonly metrics: MetricsRegistry; readonly clock: Clock };
}

export function serviceDefinition({ serviceCIDR, nodePortRange, random, counted }: ServiceRanges): ResourceDefinition<Service> {
  const ips = serviceCIDR.split(',').map((cidr) => new IpAllocator(cidr, random));
  const ports = new PortAllocator(nodePortRange, random);
  const account = counted && { metrics: new AllocatorMetrics(counted.metrics, { ips, ports }), clock: counted.clock };
  const { beginCreate, beginUpdate, afterDelete, restore } = new ServiceAllocators(ips, ports, account);
  return { resource: core.services, strategy: serviceStrategy, validateName: nameIsDnsLabel, beginCreate, beginUpdate, afterDelete, restore };
}

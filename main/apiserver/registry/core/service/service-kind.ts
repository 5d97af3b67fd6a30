import type * as core from '../../../../../kube/api/generated/core/v1.ts';

export type Service = core.Service;
export type ServiceSpec = core.ServiceSpec;
export const HEADLESS = 'None';

export function isHeadless({ spec }: Service): boolean {
  return spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === HEADLESS;
}
export function needsClusterIP({ spec }: Service): boolean {
  return spec.type !== 'ExternalName';
}
export function needsNodePorts({ spec }: Service): boolean {
  return spec.type === 'NodePort' || spec.type === 'LoadBalancer';
}
export function needsHealthCheckPort({ spec }: Service): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}
export function isExternallyAccessible({ spec }: Service): boolean {
  return needsNodePorts({ spec } as Service) || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0);
}

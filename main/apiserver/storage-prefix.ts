import { resourceKey, type ResourceDefinition } from './registry/generic/resource-definition.ts';

/** Where upstream keeps a resource below /registry/, when that is not its plural (kubeapiserver/default_storage_factory_builder.go). */
const SPECIAL: Readonly<Record<string, string>> = {
  services: 'services/specs',
  endpoints: 'services/endpoints',
  nodes: 'minions',
  replicationcontrollers: 'controllers',
  'ingresses.networking.k8s.io': 'ingress',
  'customresourcedefinitions.apiextensions.k8s.io': 'apiextensions.k8s.io/customresourcedefinitions',
  'apiservices.apiregistration.k8s.io': 'apiregistration.k8s.io/apiservices',
};

export function storagePrefixOf({ resource, storagePrefix }: ResourceDefinition): string {
  return storagePrefix ?? SPECIAL[resourceKey(resource)] ?? resource.resource;
}

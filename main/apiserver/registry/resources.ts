import * as core from '../../../kube/api/generated/core/v1.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { podStrategy } from './core/pod/strategy.ts';
import type { ResourceDefinition } from './generic/resource-definition.ts';

/** What registry definitions need of the cluster they run in. */
export interface ResourceOptions {
  /** `10.96.0.0/16`, or two of them for dual stack. */
  readonly serviceCIDR: string;
  readonly nodePortRange: { readonly first: number; readonly last: number };
  /** In [0, 1). */
  readonly random: () => number;
}

/** Every built-in resource that has a strategy of its own. The others are served with the default strategy. */
export function resourceDefinitions(_options: ResourceOptions): readonly ResourceDefinition[] {
  return [define({ resource: core.pods, strategy: podStrategy })];
}

/** Forgets the type of the object: the registry handles all definitions alike. */
function define<T extends KubernetesObject>(definition: ResourceDefinition<T>): ResourceDefinition {
  return definition as unknown as ResourceDefinition;
}

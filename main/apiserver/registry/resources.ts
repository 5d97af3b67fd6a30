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
  return [];
}

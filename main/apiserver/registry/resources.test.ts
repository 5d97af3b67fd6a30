import { describe, expect, it } from 'vitest';
import { resourceDefinitions } from './resources.ts';

const definitions = resourceDefinitions({ serviceCIDR: '10.96.0.0/16', nodePortRange: { first: 30_000, last: 32_767 }, random: () => 0, namespaceLabels: () => Promise.resolve(undefined) });

describe('the table of built-in resources', () => {
  it('names every resource once', () => {
    const names = definitions.map(({ resource }) => `${resource.resource}.${resource.group}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('agrees with its handles about namespaces', () => {
    expect(definitions.filter(({ resource, strategy }) => resource.namespaced !== strategy.namespaced).map(({ resource }) => resource.resource)).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { servedGroupVersions } from '../../../kube/api/inventory.ts';
import { hasReference, recordedSteps, reference } from '../openapi/reference.test-data.ts';
import { compareVersions, groupVersionsOf } from './discovery.ts';
import { apiGroup, apiGroupDiscoveryList, apiGroupList, apiResourceList, apiVersions } from './documents.ts';

const served = servedGroupVersions();

/** The document of a path, as the plain endpoint answers it. */
function documentOf(path: string): unknown {
  const [root, group = '', version = ''] = path.replace(/\/$/, '').slice(1).split('/');
  if (root === 'api' && group === '') return apiVersions('<addr>');
  if (root === 'apis' && group === '') return apiGroupList(served);
  if (root === 'apis' && version === '') return apiGroup(served, group);
  const info = served.find((one) => (root === 'api' ? one.group === '' && one.version === group : one.group === group && one.version === version));
  return info && apiResourceList(info);
}

describe('discovery', () => {
  it('orders versions as Kubernetes does', () => {
    expect(['v1beta1', 'foo', 'v1', 'v10', 'v2alpha1', 'v2', 'v1beta2'].sort(compareVersions)).toEqual(['v10', 'v2', 'v1', 'v1beta2', 'v1beta1', 'v2alpha1', 'foo']);
  });

  it('puts added groups last, by name', () => {
    const [first] = served[0]?.resources ?? [];
    if (!first) throw new Error('nothing is served');
    const added = [{ ...first, group: 'z.dev' }, { ...first, group: 'a.dev', version: 'v1beta1' }, { ...first, group: 'a.dev', version: 'v1' }];
    const builtIn = new Set(served.map(({ group }) => group));
    const names = groupVersionsOf([...added, ...served.flatMap(({ resources }) => resources)], builtIn).map(({ group, version }) => `${group}/${version}`);
    expect(names.slice(0, served.length)).toEqual(served.map(({ group, version }) => `${group}/${version}`));
    expect(names.slice(served.length)).toEqual(['a.dev/v1', 'a.dev/v1beta1', 'z.dev/v1']);
  });

  it.skipIf(!hasReference())('answers what the reference answered', () => {
    const steps = recordedSteps('discovery').filter(({ path, headers, response }) => /^\/apis?(\/|$)/.test(path) && !headers && response.status === 200);
    expect(steps.length).toBeGreaterThan(15);
    for (const { path, response } of steps) {
      const { apiVersion, ...rest } = documentOf(path) as Record<string, unknown>;
      expect(JSON.parse(JSON.stringify(apiVersion === '' ? rest : { apiVersion, ...rest })), path).toEqual(response.body);
    }
  });

  it.skipIf(!hasReference())('serves the resources of the reference in aggregated form', () => {
    type Group = { metadata: { name: string }; versions: { version: string; resources: { resource: string; subresources?: { subresource: string }[] }[] }[] };
    const want = (reference('discovery-aggregated-v2.json') as { items: Group[] }).items;
    const got = (apiGroupDiscoveryList(served, false) as unknown as { items: Group[] }).items;
    const byName = (a: { resource: string }, b: { resource: string }): number => (a.resource < b.resource ? -1 : 1);
    for (const group of got) {
      const reference = want.find(({ metadata }) => metadata.name === group.metadata.name);
      for (const version of group.versions) {
        const expected = reference?.versions.find((one) => one.version === version.version)?.resources.toSorted(byName);
        expect(JSON.parse(JSON.stringify(version.resources)), `${group.metadata.name}/${version.version}`).toEqual(expected);
      }
    }
  });
});

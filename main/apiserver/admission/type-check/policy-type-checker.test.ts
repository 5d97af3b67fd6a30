import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ExpressionWarning, ValidatingAdmissionPolicySpec } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import { startTestApiServer, type TestApiServer } from '../../testing.ts';

let server: TestApiServer;
beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

function check(rule: readonly [group: string, resource: string], expressions: readonly string[], more: ValidatingAdmissionPolicySpec = {}): Promise<readonly ExpressionWarning[]> {
  return server.apiServer.checkTypes({
    apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'p' },
    spec: {
      matchConstraints: { resourceRules: [{ apiGroups: [rule[0]], apiVersions: ['v1'], resources: [rule[1]], operations: ['CREATE'] }] },
      validations: expressions.map((expression) => ({ expression })), ...more,
    },
  });
}

test('fields that a kind does not have, and types that do not fit', async () => {
  expect(await check(['apps', 'deployments'], ['object.spec.replicas < 3', 'object.spec.replicaz < 3', 'object.metadata.labels.size() == "a"'])).toEqual([
    { fieldRef: 'spec.validations[1].expression', warning: 'apps/v1, Kind=Deployment: ERROR: <input>:1:12: undefined field \'replicaz\'\n | object.spec.replicaz < 3\n | ...........^\n' },
    { fieldRef: 'spec.validations[2].expression', warning: 'apps/v1, Kind=Deployment: ERROR: <input>:1:31: found no matching overload for \'_==_\' applied to \'(int, string)\'\n | object.metadata.labels.size() == "a"\n | ..............................^\n' },
  ]);
});

test('the core group stands for any group', async () => {
  const [warning] = await check(['', 'events'], ['object.nope == 1']);
  expect(warning?.warning.split('\n').filter((line) => line.includes('Kind='))).toEqual([
    '/v1, Kind=Event: ERROR: <input>:1:7: undefined field \'nope\'', 'events.k8s.io/v1, Kind=Event: ERROR: <input>:1:7: undefined field \'nope\'',
  ]);
});

test('variables and parameters have types too', async () => {
  const warnings = await check(['apps', 'deployments'], ['variables.a == "x"', 'params.data.x == 1'], {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, variables: [{ name: 'a', expression: 'object.spec.replicas' }],
  });
  expect(warnings.map(({ warning }) => warning.split('\n')[0])).toEqual([
    'apps/v1, Kind=Deployment: ERROR: <input>:1:13: found no matching overload for \'_==_\' applied to \'(int, string)\'',
    'apps/v1, Kind=Deployment: ERROR: <input>:1:15: found no matching overload for \'_==_\' applied to \'(string, int)\'',
  ]);
});

test('wildcards and parameters of unknown kinds say nothing', async () => {
  expect(await check(['*', 'pods'], ['object.nope == 1'])).toEqual([]);
  expect(await check(['', 'pods'], ['params.nope == 1'], { paramKind: { apiVersion: 'x.dev/v1', kind: 'Unknown' } })).toEqual([]);
});

test('a schema that contains itself is known to its second level only', async () => {
  const path = 'object.spec.versions[0].schema.openAPIV3Schema.properties["a"]';
  const warnings = await check(['apiextensions.k8s.io', 'customresourcedefinitions'], [`${path}.type == "x"`, 'object.spec.versions.all(v, v.name == "x")']);
  expect(warnings.map(({ fieldRef }) => fieldRef)).toEqual(['spec.validations[0].expression']);
});

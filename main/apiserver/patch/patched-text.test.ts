import { expect, it } from 'vitest';
import { schemaOfKind } from '../../../kube/api/schema.ts';
import { applyPatch } from './apply-patch.ts';

const schema = schemaOfKind({ group: 'apps', version: 'v1', kind: 'Deployment' });
const current = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { uid: 'u', name: 'd', labels: { l: '1' } },
  spec: { replicas: 1, minReadySeconds: 0, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c' }] } } },
};

it('quotes the patched object with touched levels sorted and the others in the order of Go', () => {
  const { invalid } = applyPatch({ mediaType: 'application/merge-patch+json', text: '{"spec":{"minReadySeconds":"3"}}', current, schema, fieldValidation: 'Warn' });
  expect(invalid('no').message).toContain('{\\"apiVersion\\":\\"apps/v1\\",\\"kind\\":\\"Deployment\\",\\"metadata\\":{\\"name\\":\\"d\\",\\"uid\\":\\"u\\",');
  expect(invalid('no').message).toContain('\\"spec\\":{\\"minReadySeconds\\":\\"3\\",\\"replicas\\":1,\\"selector\\":');
});

it.each([
  [{ spec: { replicas: 'x' } }, 'unrecognized type: int32'],
  [{ spec: [] }, 'cannot restore struct from: slice'],
  [{ spec: { template: { spec: { containers: { name: 'c' } } } } }, 'cannot restore slice from map'],
  [{ metadata: { labels: 'x' } }, 'cannot restore map from string'],
  [{ metadata: { name: 3 } }, 'cannot convert int64 to string'],
])('a strategic patch %j that does not fit is refused in the words of Go', (patch, message) => {
  const input = { mediaType: 'application/strategic-merge-patch+json', text: JSON.stringify(patch), current, schema, fieldValidation: 'Warn' } as const;
  expect(() => applyPatch(input)).toThrow(message);
});

import { describe, expect, it } from 'vitest';
import { schemaOfKind } from '../../../kube/api/schema.ts';
import { deepFreeze } from '../../../kube/apimachinery/json.ts';
import { applyPatch, type PatchMediaType } from './apply-patch.ts';

const schema = schemaOfKind({ group: 'apps', version: 'v1', kind: 'Deployment' });
const container = (name: string, rest: object = {}): object => ({ name, image: `${name}:1`, ...rest });
const deployment = deepFreeze({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', finalizers: ['x.io/f', 'x.io/g'], labels: { l: '1' } },
  spec: {
    template: {
      spec: {
        containers: [container('c', { args: ['a'], env: [{ name: 'A' }, { name: 'B' }] }), container('d')],
        nodeSelector: { x: '1' },
        volumes: [{ name: 'w', hostPath: { path: '/' } }],
      },
    },
  },
});

function patch(mediaType: PatchMediaType, body: unknown, current: Record<string, unknown> = deployment): unknown {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return applyPatch({ mediaType, text, current, schema, fieldValidation: 'Strict' }).patched;
}
const podSpec = (spec: object): unknown => patch('application/strategic-merge-patch+json', { spec: { template: { spec } } });
const names = (value: unknown): string[] => {
  const spec = (value as typeof deployment).spec.template.spec as { containers: { name: string }[] };
  return spec.containers.map(({ name }) => name);
};

describe('strategic merge patch', () => {
  it('merges containers by name and keeps the rest', () => {
    expect(podSpec({ containers: [{ name: 'c', image: 'c:2' }] })).toMatchObject({
      spec: { template: { spec: { containers: [{ name: 'c', image: 'c:2', args: ['a'] }, { name: 'd' }] } } },
    });
  });
  it.each([
    ['prepends a new one', { containers: [{ name: 'e', image: 'e' }] }, ['e', 'c', 'd']],
    ['deletes one', { containers: [{ name: 'd', $patch: 'delete' }] }, ['c']],
    ['orders them', { '$setElementOrder/containers': [{ name: 'd' }, { name: 'c' }], containers: [{ name: 'c', image: 'x' }] }, ['d', 'c']],
    ['orders a new one', { '$setElementOrder/containers': [{ name: 'n' }, { name: 'd' }, { name: 'c' }], containers: [{ name: 'n', image: 'z' }] }, ['n', 'd', 'c']],
    ['keeps them for an empty list', { containers: [] }, ['c', 'd']],
    ['drops all for a replace directive', { containers: [{ $patch: 'replace', name: 'c' }] }, []],
  ])('%s', (_name, spec, wanted) => {
    expect(names(podSpec(spec))).toEqual(wanted);
  });
  it('replaces atomic lists, deletes with null, replaces maps by directive', () => {
    expect(podSpec({ containers: [{ name: 'c', args: ['z'] }], nodeSelector: { $patch: 'replace', z: '1' } })).toMatchObject({
      spec: { template: { spec: { containers: [{ args: ['z'] }, {}], nodeSelector: { z: '1' } } } },
    });
    expect((podSpec({ nodeSelector: null }) as typeof deployment).spec.template.spec).not.toHaveProperty('nodeSelector');
  });
  it('retains only the named keys of a volume', () => {
    expect(podSpec({ volumes: [{ name: 'w', $retainKeys: ['name', 'emptyDir'], emptyDir: {} }] })).toMatchObject({
      spec: { template: { spec: { volumes: [{ name: 'w', emptyDir: {} }] } } },
    });
  });
  it('deletes from a list of scalars and adds to it', () => {
    const patched = patch('application/strategic-merge-patch+json', { metadata: { '$deleteFromPrimitiveList/finalizers': ['x.io/f'], finalizers: ['x.io/z'] } });
    expect((patched as typeof deployment).metadata.finalizers.toSorted()).toEqual(['x.io/g', 'x.io/z']);
  });
  it.each([
    [{ containers: [{ image: 'k:1' }] }, 'map: map[image:k:1] does not contain declared merge key: name'],
    [{ containers: [{ name: 'c', $patch: 'merge' }] }, 'merging lists cannot yet be specified in the patch'],
    [{ '$setElementOrder/containers': 'x' }, 'expected a []interface {}, but received a string'],
  ])('%j is refused', (spec, message) => {
    expect(() => podSpec(spec)).toThrow(message);
  });
});

describe('merge patch', () => {
  it('treats directives as data', () => {
    expect(patch('application/merge-patch+json', { metadata: { labels: { $patch: 'delete', l: null } } })).toMatchObject({ metadata: { labels: { $patch: 'delete' } } });
  });
  it.each([
    ['"x"', 'error decoding patch: json: cannot unmarshal string into Go value of type map[string]interface {}'],
    ['{x', "error decoding patch: invalid character 'x' looking for beginning of object key string"],
    ['', 'error decoding patch: unexpected end of JSON input'],
  ])('%s is refused', (text, message) => {
    expect(() => patch('application/merge-patch+json', text)).toThrow(message);
  });
  it('reports repeated members and lets the last one win', () => {
    const result = applyPatch({ mediaType: 'application/merge-patch+json', text: '{"metadata":{"labels":{"x":"1"},"labels":{"y":"2"}}}', current: {}, fieldValidation: 'Warn' });
    expect(result).toMatchObject({ patched: { metadata: { labels: { y: '2' } } }, strictErrors: ['duplicate field "metadata.labels"'] });
  });
  it('leaves prototypes alone', () => {
    const patched = patch('application/merge-patch+json', '{"__proto__":{"x":1}}', {});
    expect(JSON.stringify(patched)).toBe('{"__proto__":{"x":1}}');
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe('JSON patch', () => {
  const document = deepFreeze({ data: { k: '1' }, list: ['a', 'b'], notes: { 'a/b': '1', 'c~d': '2' } });
  it.each([
    [[{ op: 'add', path: '/list/1', value: 'x' }], { list: ['a', 'x', 'b'] }],
    [[{ op: 'add', path: '/list/2', value: 'x' }], { list: ['a', 'b', 'x'] }],
    [[{ op: 'add', path: '/list/-', value: 'x' }], { list: ['a', 'b', 'x'] }],
    [[{ op: 'remove', path: '/notes/a~1b' }], { notes: { 'c~d': '2' } }],
    [[{ op: 'move', from: '/data/k', path: '/data/m' }], { data: { m: '1' } }],
    [[{ op: 'copy', from: '/data/k', path: '/data/m' }], { data: { k: '1', m: '1' } }],
    [[{ op: 'test', path: '/data/zz', value: null }], { data: { k: '1' } }],
    [[{ op: 'replace', path: '/data/zz', value: '2' }], { data: { k: '1', zz: '2' } }],
    [[{ op: 'copy', from: '/data/zz', path: '/data/m' }], { data: { k: '1', m: null } }],
  ])('%j', (operations, wanted) => {
    expect(patch('application/json-patch+json', operations, document)).toEqual({ ...document, ...wanted });
  });
  it.each([
    [[{ op: 'add', path: '/list/9', value: 'x' }]],
    [[{ op: 'replace', path: '/list/9', value: '2' }]],
    [[{ op: 'test', path: '/data/k', value: 'no' }]],
    [[{ op: 'remove', path: '' }]],
    [[{ op: 'bogus', path: '/data/m' }]],
    [[{ op: 'add', path: 'data/m', value: '1' }]],
    [[{ op: 'add', path: '/nope/m', value: '1' }]],
  ])('%j is refused without saying why', (operations) => {
    expect(() => patch('application/json-patch+json', operations, document)).toThrow('the server rejected our request due to an error in our request');
  });
});

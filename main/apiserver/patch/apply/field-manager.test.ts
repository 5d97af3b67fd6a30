import { describe, expect, it } from 'vitest';
import { schemaOfKind } from '../../../../kube/api/schema.ts';
import { toTyped } from '../../../../kube/api/typed-object.ts';
import { deepFreeze } from '../../../../kube/apimachinery/json.ts';
import type { ManagedFieldsEntry } from '../../../../kube/apimachinery/object-meta.ts';
import { keepManagedFieldsTimes, managedFieldsOf, managerFromUserAgent, serverSideApply, trackUpdate } from './field-manager.ts';
import type { Fields, FieldScope } from './field-scope.ts';

function scopeOf(group: string, kind: string, rest: Partial<FieldScope> = {}): FieldScope & { readonly schema: NonNullable<FieldScope['schema']> } {
  const gvk = { group, version: 'v1', kind };
  const schema = schemaOfKind(gvk);
  if (schema === undefined) throw new Error(`no schema of ${kind}`);
  return { kind: gvk, schema, ...rest };
}
const configMaps = scopeOf('', 'ConfigMap');
const deployments = scopeOf('apps', 'Deployment', { resetFields: [['status']] });

let nowMs = Date.UTC(2026, 0, 1);
/** What the endpoint does around it: decode, and store with a uid. */
function stored(scope: ReturnType<typeof scopeOf>, object: Fields): Fields {
  const typed = toTyped(scope.schema, object);
  return deepFreeze({ ...typed, metadata: { ...(typed['metadata'] as Fields), uid: 'u' } });
}
function apply(scope: ReturnType<typeof scopeOf>, live: Fields | undefined, applied: Fields, manager = 'm1', force = false): Fields {
  nowMs += 1000;
  return stored(scope, serverSideApply(scope, { live, applied: deepFreeze(applied), manager, force, nowMs }));
}
function update(scope: ReturnType<typeof scopeOf>, live: Fields | undefined, next: Fields, manager = 'u'): Fields {
  nowMs += 1000;
  return stored(scope, trackUpdate(scope, { live, next: deepFreeze(toTyped(scope.schema, next)), manager, nowMs }));
}
const configMap = (data?: Record<string, string>, metadata: Fields = {}): Fields => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...metadata },
  ...(data === undefined ? {} : { data }),
});
const owners = (object: Fields): Record<string, unknown> =>
  Object.fromEntries((managedFieldsOf(object) ?? []).map(({ manager = '', operation, fieldsV1 }: ManagedFieldsEntry) => [`${manager} ${operation}`, fieldsV1]));

describe('server-side apply', () => {
  it('owns what it sets and drops what it sets no longer', () => {
    const first = apply(configMaps, undefined, configMap({ k: 'v', l: 'w' }));
    expect(owners(first)).toEqual({ 'm1 Apply': { 'f:data': { 'f:k': {}, 'f:l': {} } } });
    const second = apply(configMaps, first, configMap({ k: 'v' }));
    expect(second['data']).toEqual({ k: 'v' });
    expect(apply(configMaps, second, configMap())).not.toHaveProperty('data');
  });

  it('keeps everything, times too, when nothing changes', () => {
    const first = apply(configMaps, undefined, configMap({ k: 'v' }));
    expect(apply(configMaps, first, configMap({ k: 'v' }))).toEqual(first);
  });

  it('shares equal values and refuses others, with one cause a field', () => {
    const first = apply(configMaps, undefined, configMap({ k: 'v', l: '1' }));
    const shared = apply(configMaps, first, configMap({ k: 'v' }), 'm2');
    expect(owners(shared)).toMatchObject({ 'm1 Apply': { 'f:data': { 'f:k': {} } }, 'm2 Apply': { 'f:data': { 'f:k': {} } } });
    expect(() => apply(configMaps, shared, configMap({ k: 'x', l: '2' }), 'm3')).toThrow(
      'Apply failed with 3 conflicts: conflicts with "m1":\n- .data.k\n- .data.l\nconflicts with "m2":\n- .data.k',
    );
    try {
      apply(configMaps, first, configMap({ k: 'x' }), 'm2');
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        message: 'Apply failed with 1 conflict: conflict with "m1": .data.k',
        status: { code: 409, reason: 'Conflict', details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "m1"', field: '.data.k' }] } },
      });
    }
  });

  it('takes over by force, after which the former owner can leave', () => {
    const first = apply(configMaps, undefined, configMap({ k: 'v' }));
    const forced = apply(configMaps, first, configMap({ k: 'w' }), 'm2', true);
    expect(owners(forced)).toEqual({ 'm2 Apply': { 'f:data': { 'f:k': {} } } });
    expect(apply(configMaps, forced, configMap({}), 'm1')['data']).toEqual({ k: 'w' });
  });

  it.each([
    [{ ...configMap(), bogus: 1 }, 'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .bogus: field not declared in schema'],
    [{ ...configMap(), data: { k: 1 } }, 'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .data.k: expected string, got &value.valueUnstructured{Value:1}'],
    [configMap({}, { finalizers: ['x.io/a', 'x.io/a'] }), 'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .metadata.finalizers: duplicate entries for key [="x.io/a"]'],
    [configMap({}, { managedFields: [] }), 'metadata.managedFields must be nil'],
    [{ kind: 'ConfigMap' }, 'invalid object type: /, Kind=ConfigMap'],
  ])('%j is refused', (applied, message) => {
    expect(() => apply(configMaps, undefined, applied)).toThrow(message);
  });

  it('lets two managers own one container each and keeps list items of others', () => {
    const deployment = (containers: object[], spec: Fields = {}): Fields => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec: { selector: { matchLabels: { app: 'a' } }, template: { metadata: { labels: { app: 'a' } }, spec: { containers } }, ...spec },
    });
    const names = (object: Fields): unknown => (object['spec'] as { template: { spec: { containers: { name: string }[] } } }).template.spec.containers.map(({ name }) => name);
    const first = apply(deployments, undefined, deployment([{ name: 'c', image: 'i', args: ['a'] }], { replicas: 0 }));
    const second = apply(deployments, first, deployment([{ name: 's', image: 'side' }]), 'm2');
    expect(names(second)).toEqual(['c', 's']);
    const third = apply(deployments, second, deployment([{ name: 'n', image: 'i' }], { replicas: 0 }), 'm1');
    expect(names(third)).toEqual(['s', 'n']);
    expect(() => apply(deployments, first, deployment([{ name: 'c', args: ['b'] }]), 'm2')).toThrow(
      'Apply failed with 1 conflict: conflict with "m1": .spec.template.spec.containers[name="c"].args',
    );
  });

  it('lets kubectl take over what its client-side apply owned', () => {
    const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
    const lastApplied = JSON.stringify(configMap({ k: 'v' }));
    const created = update(configMaps, undefined, configMap({ k: 'v' }, { annotations: { [annotation]: lastApplied } }), 'kubectl-client-side-apply');
    const applied = apply(configMaps, created, configMap({ k: 'a && b > c' }), 'kubectl');
    expect(applied['data']).toEqual({ k: 'a && b > c' });
    expect((applied['metadata'] as { annotations: Record<string, string> }).annotations[annotation]).toBe(
      '{"apiVersion":"v1","data":{"k":"a \\u0026\\u0026 b \\u003e c"},"kind":"ConfigMap","metadata":{"name":"a"}}\n',
    );
    expect(() => apply(configMaps, created, configMap({ k: 'w' }), 'other')).toThrow('conflict with "kubectl-client-side-apply" using v1: .data.k');
  });
});

describe('tracking of updates', () => {
  it('owns what a create sets, with `.` where nothing stood before', () => {
    const created = update(configMaps, undefined, configMap({ k: 'v' }, { labels: { a: 'b' } }));
    expect(managedFieldsOf(created)).toEqual([
      {
        manager: 'u',
        operation: 'Update',
        apiVersion: 'v1',
        time: expect.any(String),
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { '.': {}, 'f:k': {} }, 'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } } },
      },
    ]);
  });

  it('does not own structs that are always there', () => {
    const pods = scopeOf('', 'Pod', { resetFields: [['status']] });
    const created = update(pods, undefined, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
    expect(owners(created)).toEqual({
      'u Update': { 'f:spec': { 'f:containers': { 'k:{"name":"c"}': { '.': {}, 'f:image': {}, 'f:name': {}, 'f:resources': {} } } } },
    });
  });

  it('moves changed fields to the one who changed them', () => {
    const first = apply(configMaps, undefined, configMap({ k: 'v', l: 'w' }));
    const second = update(configMaps, first, { ...configMap({ k: 'x', l: 'w' }) });
    expect(owners(second)).toEqual({ 'm1 Apply': { 'f:data': { 'f:l': {} } }, 'u Update': { 'f:data': { 'f:k': {} } } });
  });

  it('forgets all ownership on request, and does not start tracking again by itself', () => {
    const first = update(configMaps, undefined, configMap({ k: 'v' }));
    const reset = update(configMaps, first, configMap({ k: 'v' }, { managedFields: [{}] }));
    expect(managedFieldsOf(reset)).toBeUndefined();
    expect(managedFieldsOf(update(configMaps, reset, configMap({ k: 'x' })))).toBeUndefined();
    expect(owners(apply(configMaps, reset, configMap({ l: 'w' })))).toEqual({
      'before-first-apply Update': { 'f:data': { '.': {}, 'f:k': {} } },
      'm1 Apply': { 'f:data': { 'f:l': {} } },
    });
  });

  it('merges the oldest updaters once there are more than ten', () => {
    let object = update(configMaps, undefined, configMap({ k0: 'v' }), 'u0');
    const data: Record<string, string> = { k0: 'v' };
    for (let index = 1; index <= 12; index += 1) {
      data[`k${index}`] = 'v';
      object = update(configMaps, object, configMap({ ...data }), `u${index}`);
    }
    const entries = managedFieldsOf(object) ?? [];
    expect(entries).toHaveLength(10);
    expect(entries.map(({ manager }) => manager)).toContain('ancient-changes');
  });

  it('keeps stored entries when only times differ', () => {
    const first = update(configMaps, undefined, configMap({ k: 'v' }));
    const entries = (managedFieldsOf(first) ?? []).map((entry) => ({ ...entry, time: '2030-01-01T00:00:00Z' }));
    const touched = { ...first, metadata: { ...(first['metadata'] as Fields), managedFields: entries } };
    expect(keepManagedFieldsTimes(touched, first)).toEqual(first);
  });

  it('names a manager after the user agent', () => {
    expect(managerFromUserAgent('kubectl/v1.36 (linux)')).toBe('kubectl');
    expect(managerFromUserAgent('')).toBe('');
  });
});

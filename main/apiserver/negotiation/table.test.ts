import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { findResource, servedGroupVersions } from '../../../kube/api/inventory.ts';
import { schemaOfKind } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import { hasReference, recordedSteps } from '../openapi/reference.test-data.ts';
import { toTable, type Table } from './table.ts';

const nowMs = Date.parse('2024-01-01T00:00:00Z');

describe('toTable', () => {
  it('gives every built-in kind as many cells as columns, but an IPAddress, whose age has none upstream', () => {
    for (const info of servedGroupVersions().flatMap(({ resources }) => resources)) {
      const schema = schemaOfKind(info);
      if (!schema?.fields.has('metadata') || !info.verbs.includes('list')) continue;
      const object = toTyped(schema, minimal(info.kind)) as unknown as KubernetesObject;
      const table = toTable(info, [object], { version: 'v1', nowMs, metadata: {} });
      expect(table.rows?.[0]?.cells.length, info.kind).toBe((table.columnDefinitions?.length ?? 0) + (info.kind === 'IPAddress' ? 1 : 0));
    }
  });

  it('tells how pods are doing', () => {
    const pod = (status: object, extra: object = {}): KubernetesObject =>
      ({ kind: 'Pod', apiVersion: 'v1', metadata: { name: 'p', creationTimestamp: '2023-12-31T23:59:00Z', ...extra }, spec: { containers: [{ name: 'c' }] }, status }) as unknown as KubernetesObject;
    const running = { name: 'c', ready: true, restartCount: 2, state: { running: {} }, lastState: { terminated: { exitCode: 1, finishedAt: '2023-12-31T23:59:50Z' } } };
    const cells = (object: KubernetesObject) => toTable({ group: '', version: 'v1', kind: 'Pod' }, [object], { version: 'v1', nowMs, metadata: {} }).rows?.[0]?.cells.slice(0, 5);
    expect(cells(pod({ phase: 'Running', containerStatuses: [running] }))).toEqual(['p', '1/1', 'Running', '2 (10s ago)', '60s']);
    expect(cells(pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }))).toEqual(['p', '0/1', 'SchedulingGated', '0', '60s']);
    expect(cells(pod({ phase: 'Running', containerStatuses: [running] }, { deletionTimestamp: '2024-01-01T00:00:00Z' }))?.[2]).toBe('Terminating');
  });

  it.each([
    { name: 'the architecture behind the kernel of a node', kind: 'Node', column: 8, object: { status: { nodeInfo: { kernelVersion: '6.1.0', architecture: 'arm64' } } }, want: '6.1.0 (arm64)' },
    { name: 'an unknown kernel without architecture', kind: 'Node', column: 8, object: { status: { nodeInfo: {} } }, want: '<unknown>' },
    { name: 'no shares of an exempt priority level', kind: 'PriorityLevelConfiguration', group: 'flowcontrol.apiserver.k8s.io', column: 2, object: { spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0 } } }, want: '<none>' },
  ])('shows $name', ({ kind, group = '', column, object, want }) => {
    const whole = { kind, apiVersion: 'v1', metadata: { name: 'a' }, spec: {}, ...object } as unknown as KubernetesObject;
    expect(toTable({ group, version: 'v1', kind }, [whole], { version: 'v1', nowMs, metadata: {} }).rows?.[0]?.cells[column]).toBe(want);
  });

  it('sorts flow schemas by their precedence, those alike as the list has them', () => {
    const schema = (name: string, matchingPrecedence: number): KubernetesObject =>
      ({ kind: 'FlowSchema', apiVersion: 'v1', metadata: { name }, spec: { matchingPrecedence, priorityLevelConfiguration: { name: 'x' } } }) as unknown as KubernetesObject;
    const table = toTable({ group: 'flowcontrol.apiserver.k8s.io', version: 'v1', kind: 'FlowSchema' }, [schema('a', 9), schema('b', 1), schema('c', 9)], { version: 'v1', nowMs, metadata: {} });
    expect(table.rows?.map(({ cells }) => cells[0])).toEqual(['b', 'a', 'c']);
  });

  it.skipIf(!hasReference())('prints what the reference printed', () => {
    const differences = recordedSteps('negotiation').flatMap(({ name, path, response }) => {
      const want = response.body as Table | undefined;
      const info = kindOfPath(path);
      if (want?.kind !== 'Table' || !want.columnDefinitions || !info) return [];
      const got = toTable(info, [], { version: 'v1', nowMs, metadata: {} });
      return JSON.stringify(sorted(got.columnDefinitions)) === JSON.stringify(sorted(want.columnDefinitions)) ? [] : [name];
    });
    expect([...new Set(differences)]).toEqual([]);
  });
});

/** What printers may take for granted, since validation does. */
function minimal(kind: string): Record<string, unknown> {
  const spec = kind === 'ResourceSlice' ? { pool: {} } : kind === 'VolumeAttachment' ? { source: {} } : {};
  return { metadata: { name: 'a' }, ...(kind === 'RoleBinding' || kind === 'ClusterRoleBinding' ? { roleRef: {} } : {}), spec };
}

function kindOfPath(path: string) {
  const match = /^\/(?:api|apis\/([^/]+))\/([^/]+)\/(?:namespaces\/\$\{ns\}\/)?([^/?]+)(?:\/[^/?]+)?(?:\?|$)/.exec(path);
  return match ? findResource(match[1] ?? '', match[2] ?? '', match[3] ?? '') : undefined;
}

function sorted(columns: Table['columnDefinitions']): unknown {
  return columns?.map((column) => Object.entries(column).sort(([a], [b]) => (a < b ? -1 : 1)));
}

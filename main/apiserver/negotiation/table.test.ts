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

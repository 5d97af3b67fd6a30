import type { Row } from '../mvcc/evaluate-txn.ts';
import type { KeyValue } from '../store.ts';
import type { LogEntry } from './backend.ts';
import type { AppendBatch, PackedRow } from './sqlite-messages.ts';

/** The entries, in order, as one batch; the values in a buffer of their own. */
export function pack(entries: readonly LogEntry[]): AppendBatch {
  const values = new Uint8Array(entries.reduce((sum, entry) => sum + valueBytes(entry), 0));
  const rows: PackedRow[] = [];
  const leasesGranted: AppendBatch['leasesGranted'][number][] = [];
  const leasesRevoked: string[] = [];
  let offset = 0;
  for (const entry of entries) {
    for (const row of entry.rows) {
      rows.push(packRow(row));
      if (row.kv === undefined) continue;
      values.set(row.kv.value, offset);
      offset += row.kv.value.length;
    }
    if (entry.leasesGranted !== undefined) leasesGranted.push(...entry.leasesGranted);
    if (entry.leasesRevoked !== undefined) leasesRevoked.push(...entry.leasesRevoked);
  }
  return { rows, values, leasesGranted, leasesRevoked };
}

export function valueBytes({ rows }: LogEntry): number {
  let size = 0;
  for (const { kv } of rows) size += kv?.value.length ?? 0;
  return size;
}

function packRow({ rowId, revision, key, kv }: Row): PackedRow {
  const { createRevision = 0, version = 0, lease = null } = kv ?? {};
  return { rowId, revision, key, createRevision, version, lease, length: kv?.value.length ?? -1 };
}

export function* unpack(rows: readonly PackedRow[], values: Uint8Array): Generator<Row> {
  let offset = 0;
  for (const { rowId, revision, key, createRevision, version, lease, length } of rows) {
    if (length < 0) {
      yield { rowId, revision, key };
      continue;
    }
    // A copy of its own, so that one long-lived value does not keep the whole page.
    const value = values.slice(offset, offset + length);
    offset += length;
    const kv: KeyValue = { key, value, createRevision, modRevision: revision, version, ...(lease === null ? {} : { lease }) };
    yield { rowId, revision, key, kv };
  }
}

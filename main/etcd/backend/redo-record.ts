import { crc32 } from 'node:zlib';
import type { AppendBatch } from './sqlite-messages.ts';

/** Sum, length, id of the log, number. */
const headBytes = 4 + 4 + 8 + 8;

export interface RedoRecord {
  /** Of the log that it belongs to. */
  readonly logId: number;
  /** 1 for the first one of a log. */
  readonly number: number;
  readonly batch: AppendBatch;
}

/**
 * One batch as bytes that tell whether they are whole:
 *
 *     ┌───────┬────────┬────────┬────────┬─────────┬──────────────────┬────────┐
 *     │ crc32 │ length │ log id │ number │ length  │ rows and leases  │ values │      integers little-endian, ids and
 *     │ u32   │ u32    │ f64    │ f64    │ of JSON │ JSON             │ bytes  │      numbers as doubles: both below 2^53
 *     └───────┴────────┴────────┴────────┴─────────┴──────────────────┴────────┘
 *             └ all that follows it ────────────────────────────────────────────┘ is in the sum
 */
export function encodeRecord({ logId, number, batch }: RedoRecord): Buffer {
  const { values, ...rest } = batch;
  const json = Buffer.from(JSON.stringify(rest));
  const bytes = Buffer.allocUnsafe(headBytes + 4 + json.length + values.length);
  bytes.writeUInt32LE(bytes.length - headBytes, 4);
  bytes.writeDoubleLE(logId, 8);
  bytes.writeDoubleLE(number, 16);
  bytes.writeUInt32LE(json.length, headBytes);
  bytes.set(json, headBytes + 4);
  bytes.set(values, headBytes + 4 + json.length);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  return bytes;
}

/** The record that begins at offset, and where it ends; undefined when there is no whole one of this log. */
export function decodeRecord(bytes: Buffer, { offset, logId }: { readonly offset: number; readonly logId: number }): { readonly record: RedoRecord; readonly end: number } | undefined {
  if (offset + headBytes + 4 > bytes.length) return undefined;
  const end = offset + headBytes + bytes.readUInt32LE(offset + 4);
  if (end < offset + headBytes + 4 || end > bytes.length) return undefined;
  if (bytes.readDoubleLE(offset + 8) !== logId || bytes.readUInt32LE(offset) !== crc32(bytes.subarray(offset + 4, end))) return undefined;
  const jsonStart = offset + headBytes + 4;
  const jsonEnd = jsonStart + bytes.readUInt32LE(offset + headBytes);
  const rest = JSON.parse(bytes.toString('utf8', jsonStart, jsonEnd)) as Omit<AppendBatch, 'values'>;
  const batch = { ...rest, values: new Uint8Array(bytes.subarray(jsonEnd, end)) };
  return { record: { logId, number: bytes.readDoubleLE(offset + 16), batch }, end };
}

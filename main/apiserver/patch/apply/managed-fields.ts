import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import type { ManagedFieldsEntry } from '../../../../kube/apimachinery/object-meta.ts';
import type { FieldSet } from './field-set.ts';
import { decodeFieldSet, encodeFieldSet } from './fields-v1.ts';

/** Who owns which fields: metadata.managedFields, decoded (upstream: apimachinery/pkg/util/managedfields/internal/managedfields.go). */
export interface ManagedSet {
  readonly set: FieldSet;
  /** The version in which the fields are named. */
  readonly apiVersion: string;
  readonly applied: boolean;
  readonly time?: string;
}

/** By manager identifier: JSON of manager, operation, apiVersion (of updates only) and subresource. */
export type Managed = Map<string, ManagedSet>;

export interface ManagerInfo {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource?: string;
}

/** An apply keeps its entry when it changes versions; an update has one entry per version. */
export function managerIdentifier({ manager, operation, apiVersion, subresource }: ManagerInfo): string {
  return JSON.stringify({
    ...(manager === '' ? {} : { manager }),
    operation,
    ...(operation === 'Apply' ? {} : { apiVersion }),
    ...(subresource === undefined || subresource === '' ? {} : { subresource }),
  });
}

/** Throws with upstream's text for entries that make no sense. */
export function decodeManagedFields(entries: readonly ManagedFieldsEntry[] | undefined): Managed {
  const managed: Managed = new Map();
  for (const [index, entry] of (entries ?? []).entries()) {
    const { manager = '', operation, apiVersion = '', fieldsType, fieldsV1, subresource, time } = entry;
    if (operation !== 'Apply' && operation !== 'Update') throw new Error('operation must be `Apply` or `Update`');
    if (apiVersion === '') throw new Error('apiVersion must not be empty');
    checkFieldsType(fieldsType, index);
    const set = decodeFieldSet(fieldsV1 ?? {});
    managed.set(managerIdentifier({ manager, operation, apiVersion, subresource }), { set, apiVersion, applied: operation === 'Apply', time });
  }
  return managed;
}

function checkFieldsType(fieldsType: string | undefined, index: number): void {
  if (fieldsType === 'FieldsV1') return;
  if (fieldsType === undefined || fieldsType === '') throw new Error(`missing fieldsType in managed fields entry ${index}`);
  throw new Error(`invalid fieldsType ${goQuote(fieldsType)} in managed fields entry ${index}`);
}

/** Sorted by operation, time, manager, version and subresource; undefined when nobody owns anything. */
export function encodeManagedFields(managed: Managed): ManagedFieldsEntry[] | undefined {
  if (managed.size === 0) return undefined;
  return [...managed].map(([identifier, set]) => encodeEntry(identifier, set)).sort(compareEntries);
}

function encodeEntry(identifier: string, { set, apiVersion, applied, time }: ManagedSet): ManagedFieldsEntry {
  const { manager, operation, subresource } = JSON.parse(identifier) as ManagedFieldsEntry;
  return {
    ...(manager === undefined ? {} : { manager }),
    operation: applied ? 'Apply' : operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: encodeFieldSet(set),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

function compareEntries(a: ManagedFieldsEntry, b: ManagedFieldsEntry): number {
  return (
    compare(a.operation, b.operation) ||
    secondsOf(a) - secondsOf(b) ||
    compare(a.manager, b.manager) ||
    compare(a.apiVersion, b.apiVersion) ||
    compare(a.subresource, b.subresource)
  );
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function secondsOf({ time }: { readonly time?: string }): number {
  const ms = time === undefined ? 0 : Date.parse(time);
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
}

/** `[]` and `[{}]` ask to forget all ownership. */
export function isResetManagedFields(entries: readonly ManagedFieldsEntry[] | undefined | null): boolean {
  if (entries === undefined || entries === null) return false;
  if (entries.length === 0) return true;
  const [only] = entries;
  return entries.length === 1 && only !== undefined && Object.values(only).every((value) => value === undefined || value === '');
}

import { isNumberLiteral } from './number-literal.ts';

/** JSON as Go's encoding/json sees it. */
export interface ParsedJson {
  readonly value: unknown;
  /** Paths of repeated members, `metadata.labels`, in order of appearance. */
  readonly duplicates: readonly string[];
}

/** What Go calls a decoded value in `cannot unmarshal … into Go value`. */
export function goJsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return value === null ? 'null' : isNumberLiteral(value) ? 'number' : typeof value;
}

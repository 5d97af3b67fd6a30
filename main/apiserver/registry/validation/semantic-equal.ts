/** Says what an absent member is equal to. */
type IsAbsent = (value: unknown) => boolean;

/**
 * Equality of API values as upstream's apiequality.Semantic sees it: absent, null, and empty lists and maps are the same.
 * Quantities are canonical text by then, and times are text with one format, so that text equality serves both.
 */
export function semanticEqual(a: unknown, b: unknown): boolean {
  return equal(a, b, isZero);
}

/** The same, but for zeros: an absent pointer is not one to an empty string. */
export function equalButEmptyLists(a: unknown, b: unknown): boolean {
  return equal(a, b, isVoid);
}

function equal(a: unknown, b: unknown, isAbsent: IsAbsent): boolean {
  if (a === b) return true;
  if (isVoid(a) || isVoid(b)) return isVoid(a) && isVoid(b);
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => equal(item, b[index], isAbsent));
  if (typeof a !== 'object' || typeof b !== 'object' || Array.isArray(b)) return false;
  return objectsEqual(a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>, isAbsent);
}

function objectsEqual(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>, isAbsent: IsAbsent): boolean {
  for (const key of Object.keys(a)) if (!equal(a[key], b[key], isAbsent)) return false;
  for (const key of Object.keys(b)) if (!(key in a) && !isAbsent(b[key])) return false;
  return true;
}

function isVoid(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

/** A field that Go would leave at its zero value. An empty object is kept apart: `emptyDir: {}` means something. */
function isZero(value: unknown): boolean {
  return isVoid(value) || value === '' || value === 0 || value === false;
}

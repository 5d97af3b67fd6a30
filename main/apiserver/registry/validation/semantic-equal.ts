/**
 * Equality of API values as upstream's apiequality.Semantic sees it: absent, null, and empty lists and maps are the same.
 * Quantities are canonical text by then, and times are text with one format, so that text equality serves both.
 */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isVoid(a) || isVoid(b)) return isVoid(a) && isVoid(b);
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => semanticEqual(item, b[index]));
  if (typeof a !== 'object' || typeof b !== 'object' || Array.isArray(b)) return false;
  return objectsEqual(a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>);
}

/** The same, but for zeros: an absent pointer is not one to an empty string. */
export function equalButEmptyLists(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isVoid(a) || isVoid(b)) return isVoid(a) && isVoid(b);
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => equalButEmptyLists(item, b[index]));
  if (typeof a !== 'object' || typeof b !== 'object' || Array.isArray(b)) return false;
  const one = a as Readonly<Record<string, unknown>>;
  const other = b as Readonly<Record<string, unknown>>;
  return Object.keys(one).every((key) => equalButEmptyLists(one[key], other[key])) && Object.keys(other).every((key) => key in one || isVoid(other[key]));
}

function objectsEqual(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  for (const key of Object.keys(a)) if (!semanticEqual(a[key], b[key])) return false;
  for (const key of Object.keys(b)) if (!(key in a) && !isVoidField(b[key])) return false;
  return true;
}

function isVoid(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

/** A field that Go would leave at its zero value. An empty object is kept apart: `emptyDir: {}` means something. */
function isVoidField(value: unknown): boolean {
  return isVoid(value) || value === '' || value === 0 || value === false;
}

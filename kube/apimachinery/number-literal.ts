/**
 * A number as its text: what Go tells apart and a double does not, as `2.0` from `2` or an integer beyond 2^53. JSON.stringify writes the
 * text. Made by {@link parseWithLiterals}; the decoder of typed objects leaves none behind.
 */
export interface NumberLiteral {
  readonly rawJSON: string;
}

/** ECMAScript's source text access for JSON (https://tc39.es/proposal-json-parse-with-source/), which TypeScript does not know. */
const sourceText = JSON as unknown as {
  rawJSON(text: string): NumberLiteral;
  isRawJSON(value: unknown): boolean;
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
};

/** Digits of which a double keeps each. */
const MAX_EXACT_DIGITS = 15;

/** Whether the text of a number says more than its value does. */
export function isTellingNumber(text: string): boolean {
  return text.length > MAX_EXACT_DIGITS || /[.eE]/.test(text);
}

/** Parses JSON, with such numbers as literals. Several times slower than JSON.parse. */
export function parseWithLiterals(text: string): unknown {
  return sourceText.parse(text, (_key, value, { source }) => (typeof value === 'number' && source !== undefined && isTellingNumber(source) ? sourceText.rawJSON(source) : value));
}

export function isNumberLiteral(value: unknown): value is NumberLiteral {
  return sourceText.isRawJSON(value);
}

/** The value with plain numbers, for what does not tell `2.0` from `2`; the same value when it has no literals. */
export function withPlainNumbers(value: unknown): unknown {
  return hasLiterals(value) ? JSON.parse(JSON.stringify(value)) : value;
}

function hasLiterals(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (isNumberLiteral(value)) return true;
  for (const key in value) if (hasLiterals((value as Record<string, unknown>)[key])) return true;
  return false;
}

import { setMember } from '../../../kube/apimachinery/json.ts';
import { isNumberLiteral } from '../../../kube/apimachinery/number-literal.ts';

/**
 * Parses JSON (which must be well-formed) as Go decodes it into structs when a field is repeated: the later value is decoded into what the
 * earlier one left. Objects merge, lists element by element, anything else is replaced.
 *
 *     {"a":{"x":1,"y":1},"a":{"x":2}}              ->  {"a":{"x":2,"y":1}}
 *     {"a":[{"x":1},{"x":2}],"a":[{"y":3}]}        ->  {"a":[{"x":1,"y":3}]}
 *
 * `parse` makes the values: JSON.parse, or what keeps numbers as they are written.
 */
export function parseRepeated(text: string, parse: (text: string) => unknown): unknown {
  // The name of each member gets its number, so that none is lost.
  let members = 0;
  const numbered = text.replaceAll(STRING_AND_NEXT, (match, string: string, next: string) => (next === '' ? match : `"${members++} ${string.slice(1)}${next}`));
  return merged(undefined, parse(numbered));
}

/** A string, and the colon after it when it is a name. */
const STRING_AND_NEXT = /("(?:[^"\\]|\\.)*")(\s*:|)/g;

function merged(before: unknown, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item, index) => merged(Array.isArray(before) ? before[index] : undefined, item));
  if (typeof value !== 'object' || value === null || isNumberLiteral(value)) return value;
  const result: Record<string, unknown> = isPlainObject(before) ? before : {};
  for (const [numbered, member] of Object.entries(value)) {
    const name = numbered.slice(numbered.indexOf(' ') + 1);
    setMember(result, name, merged(Object.hasOwn(result, name) ? result[name] : undefined, member));
  }
  return result;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumberLiteral(value);
}

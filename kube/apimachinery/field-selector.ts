/** Field selectors (upstream: apimachinery/pkg/fields): `spec.nodeName=a,status.phase!=Running`. */

export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

export class FieldSelectorError extends Error {
  override readonly name = 'FieldSelectorError';
}

/** All terms must hold; sorted by text, as upstream. Throws {@link FieldSelectorError}, whose message the API answers with 400. */
export function parseFieldSelector(selector: string): FieldRequirement[] {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(selector).toSorted()) {
    if (term === '') continue;
    const match = /!=|==|=/.exec(term);
    if (match === null) throw new FieldSelectorError(`invalid selector: '${selector}'; can't understand '${term}'`);
    const field = term.slice(0, match.index);
    const value = unescapeFieldValue(term.slice(match.index + match[0].length));
    // `=` alone selects everything.
    if (field !== '' || value !== '') requirements.push({ field, operator: match[0] === '!=' ? '!=' : '=', value });
  }
  return requirements;
}

/** At commas that no backslash precedes. */
function splitTerms(selector: string): string[] {
  const terms: string[] = [];
  let term = '';
  let escaped = false;
  for (const char of selector) {
    if (!escaped && char === ',') {
      terms.push(term);
      term = '';
      continue;
    }
    escaped = !escaped && char === '\\';
    term += char;
  }
  return [...terms, term];
}

export function unescapeFieldValue(text: string): string {
  let value = '';
  let escaped = false;
  for (const char of text) {
    if (escaped) {
      if (char !== '\\' && char !== ',' && char !== '=') {
        throw new FieldSelectorError(`invalid field selector: invalid escape sequence: \\${char}`);
      }
      value += char;
      escaped = false;
    } else if (char === '\\') {
      escaped = true;
    } else if (char === ',' || char === '=') {
      throw new FieldSelectorError(`invalid field selector: unescaped character in value: ${char.charCodeAt(0)}`);
    } else {
      value += char;
    }
  }
  if (escaped) throw new FieldSelectorError('invalid field selector: invalid escape sequence: \\');
  return value;
}

export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, (char) => `\\${char}`);
}

/** A field that is not in `fields` counts as ''. */
export function matchesFields(requirements: readonly FieldRequirement[], fields: Readonly<Record<string, string>>): boolean {
  return requirements.every(({ field, operator, value }) => ((fields[field] ?? '') === value) === (operator === '='));
}

export function formatFieldSelector(requirements: readonly FieldRequirement[]): string {
  return requirements.map(({ field, operator, value }) => `${field}${operator}${escapeFieldValue(value)}`).join(',');
}

/** Go's message about text that is no JSON object; undefined when it is one. */
export function jsonSyntaxError(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return describeSyntax(text);
  }
  if (typeof value === 'object' && !Array.isArray(value)) return undefined;
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
}

function describeSyntax(text: string): string {
  const trimmed = text.trimStart();
  if (trimmed === '') return 'unexpected end of JSON input';
  const first = trimmed[0] ?? '';
  if (!'{["-0123456789tfn'.includes(first)) return `invalid character '${first}' looking for beginning of value`;
  const literal = ['true', 'false', 'null'].find((word) => word.startsWith(first));
  if (literal !== undefined) {
    const index = [...literal].findIndex((char, position) => trimmed[position] !== char);
    const char = trimmed[index];
    if (index > 0 && char !== undefined) return `invalid character '${char}' in literal ${literal} (expecting '${literal[index]}')`;
  }
  if (first === '{' && trimmed.length > 1 && !/^\{\s*["}]/.test(trimmed)) {
    return `invalid character '${trimmed.slice(1).trimStart()[0]}' looking for beginning of object key string`;
  }
  return 'unexpected end of JSON input';
}

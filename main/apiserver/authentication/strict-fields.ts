import { isJsonObject } from '../../../kube/apimachinery/json.ts';

/** The members that an object of a configuration file may have; `'any'` is looked at no further. Lists are described by their items. */
export interface KnownFields {
  readonly [name: string]: 'any' | KnownFields;
}

/** Throws as Go's strict decoder does: a member that is misspelt would be a rule that nobody enforces. */
export function checkFields(value: unknown, known: KnownFields): void {
  const unknown = unknownFields(value, known, '');
  if (unknown.length > 0) throw new Error(`strict decoding error: ${unknown.map((path) => `unknown field ${JSON.stringify(path)}`).join(', ')}`);
}

function unknownFields(value: unknown, known: KnownFields, path: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => unknownFields(item, known, `${path}[${index}]`));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const fields = Object.hasOwn(known, name) ? known[name] : undefined;
    if (fields === undefined) return [at];
    return fields === 'any' ? [] : unknownFields(member, fields, at);
  });
}

import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { celOfJson } from '../cel/values.ts';
import { additionalOf, type JsonSchema } from './json-schema.ts';

const RESERVED = new Set([
  'true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package', 'namespace', 'return', 'var',
  'void', 'while',
]);
const ESCAPES: Readonly<Record<string, string>> = { __: '__underscores__', '.': '__dot__', '-': '__dash__', '/': '__slash__' };

/** A property's name as rules write it (upstream: apiserver/pkg/cel/escaping.go); undefined when it has no form in CEL. */
export function celNameOf(name: string): string | undefined {
  if (RESERVED.has(name)) return `__${name}__`;
  const escaped = name.replaceAll(/__|[.\-/]/g, (part) => ESCAPES[part] ?? part);
  return /^[A-Za-z_$][\w$]*$/.test(escaped) ? escaped : undefined;
}

/** The value as its schema says: declared properties under their CEL names, numbers as doubles, timestamps and bytes as such. */
export function celOfValue(value: unknown, schema: JsonSchema | undefined): unknown {
  if (schema === undefined || value === null || value === undefined) return celOfJson(value);
  if (Array.isArray(value)) return value.map((item) => celOfValue(item, schema.items));
  if (isJsonObject(value)) return celOfObject(value, schema);
  if (typeof value === 'number' && schema.type === 'number') return value;
  if (typeof value === 'string' && (schema.format === 'date-time' || schema.format === 'date')) return new Date(value);
  if (typeof value === 'string' && schema.format === 'byte') return new Uint8Array(Buffer.from(value, 'base64'));
  return celOfJson(value);
}

function celOfObject(object: Readonly<Record<string, unknown>>, schema: JsonSchema): unknown {
  const result = Object.create(null) as Record<string, unknown>;
  const additional = additionalOf(schema);
  const properties = schema.properties ?? {};
  for (const [name, member] of Object.entries(object)) {
    if (member === undefined) continue;
    const isDeclared = Object.hasOwn(properties, name);
    const key = isDeclared || !additional ? celNameOf(name) : name;
    if (key !== undefined) result[key] = celOfValue(member, isDeclared ? properties[name] : additional);
  }
  return result;
}

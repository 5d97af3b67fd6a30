import { deepEqual, isJsonObject } from '../../../kube/apimachinery/json.ts';
import type { Json } from './schemas.ts';

/** Putting documents of OpenAPI 2 together, as kube-openapi's aggregator does. All pure: what comes in stays as it is. */

const PREFIX = '#/definitions/';
const GVK = 'x-kubernetes-group-version-kind';

/** Only the paths below the prefix, and the definitions that they need. */
export function filteredSpec(spec: Json, prefix: string): Json {
  const paths = Object.fromEntries(Object.entries(objectOf(spec['paths'])).filter(([path]) => path.startsWith(prefix)));
  return { ...spec, paths, definitions: usedDefinitions(paths, objectOf(spec['definitions'])) };
}

/** The definitions that the value refers to, directly or through others. `prefix` is where references point: OpenAPI 2's place by default. */
export function usedDefinitions(value: unknown, all: Json, prefix = PREFIX): Json {
  const used = new Set<string>();
  const pending: unknown[] = [value];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const name of refsIn(next, prefix)) {
      if (used.has(name) || all[name] === undefined) continue;
      used.add(name);
      pending.push(all[name]);
    }
  }
  return Object.fromEntries(Object.entries(all).filter(([name]) => used.has(name)));
}

/** The base with the paths and definitions of others. A path that is known stays; a definition of a known name but another content gets a name of its own (`…_v2`). */
export function mergedSpecs(base: Json, others: readonly Json[]): Json {
  const paths: Json = { ...objectOf(base['paths']) };
  const definitions: Json = { ...objectOf(base['definitions']) };
  const parameters: Json = { ...objectOf(base['parameters']) };
  for (const other of others) {
    const added = objectOf(other['definitions']);
    const names = newNames(definitions, added);
    for (const [name, definition] of Object.entries(added)) {
      const target = names.get(name) ?? name;
      definitions[target] ??= renamed(definition, names);
    }
    for (const [path, item] of Object.entries(objectOf(other['paths']))) paths[path] ??= renamed(item, names);
    // Their names end with a digest of what they say.
    for (const [name, parameter] of Object.entries(objectOf(other['parameters']))) parameters[name] ??= parameter;
  }
  return { ...base, paths: sorted(paths), definitions: sorted(definitions), parameters: sorted(parameters) };
}

/** The definitions that must be called otherwise here. */
function newNames(known: Json, added: Json): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [name, definition] of Object.entries(added)) {
    if (known[name] === undefined || isSame(known[name], definition)) continue;
    let number = 2;
    while (known[`${name}_v${number}`] !== undefined && !isSame(known[`${name}_v${number}`], definition)) number++;
    names.set(name, `${name}_v${number}`);
  }
  return names;
}

/** Which kinds a type is used for differs from server to server, and does not make it another type. */
function isSame(left: unknown, right: unknown): boolean {
  return deepEqual(withoutKinds(left), withoutKinds(right));
}

function withoutKinds(definition: unknown): unknown {
  if (!isJsonObject(definition)) return definition;
  const { [GVK]: _kinds, ...rest } = definition;
  return rest;
}

function* refsIn(value: unknown, prefix: string): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* refsIn(item, prefix);
  if (!isJsonObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    if (name === '$ref' && typeof member === 'string') {
      if (member.startsWith(prefix)) yield member.slice(prefix.length);
    } else yield* refsIn(member, prefix);
  }
}

function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (names.size === 0) return value;
  if (Array.isArray(value)) return value.map((item) => renamed(item, names));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => {
    const target = name === '$ref' && typeof member === 'string' && member.startsWith(PREFIX) ? names.get(member.slice(PREFIX.length)) : undefined;
    return [name, target === undefined ? renamed(member, names) : PREFIX + target];
  }));
}

function objectOf(value: unknown): Json {
  return isJsonObject(value) ? value : {};
}

function sorted(object: Json): Json {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

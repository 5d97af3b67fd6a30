/**
 * CEL's types as the checker sees them. One interface for all: what differs is data, and types are compared structurally.
 * Objects (`struct`) are known by name; their fields are the environment's business.
 */
export type TypeKind =
  | 'dyn' | 'error' | 'null' | 'bool' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'timestamp' | 'duration'
  | 'list' | 'map' | 'struct' | 'opaque' | 'type' | 'param';

export interface CelType {
  readonly kind: TypeKind;
  /** As messages print it. */
  readonly name: string;
  readonly parameters: readonly CelType[];
}

const NONE: readonly CelType[] = [];

function simple(kind: TypeKind, name: string): CelType {
  return { kind, name, parameters: NONE };
}

export const DYN = simple('dyn', 'dyn');
export const ERROR = simple('error', '!error!');
export const NULL = simple('null', 'null_type');
export const BOOL = simple('bool', 'bool');
export const INT = simple('int', 'int');
export const UINT = simple('uint', 'uint');
export const DOUBLE = simple('double', 'double');
export const STRING = simple('string', 'string');
export const BYTES = simple('bytes', 'bytes');
export const TIMESTAMP = simple('timestamp', 'google.protobuf.Timestamp');
export const DURATION = simple('duration', 'google.protobuf.Duration');

export function listType(element: CelType): CelType {
  return { kind: 'list', name: 'list', parameters: [element] };
}

export function mapType(key: CelType, value: CelType): CelType {
  return { kind: 'map', name: 'map', parameters: [key, value] };
}

export function structType(name: string): CelType {
  return { kind: 'struct', name, parameters: NONE };
}

export function opaqueType(name: string, ...parameters: readonly CelType[]): CelType {
  return { kind: 'opaque', name, parameters };
}

export function optionalType(element: CelType): CelType {
  return opaqueType('optional_type', element);
}

export function typeType(of: CelType): CelType {
  return { kind: 'type', name: 'type', parameters: [of] };
}

export function paramType(name: string): CelType {
  return { kind: 'param', name, parameters: NONE };
}

export function isDyn({ kind }: CelType): boolean {
  return kind === 'dyn';
}

export function isDynOrError({ kind }: CelType): boolean {
  return kind === 'dyn' || kind === 'error';
}

export function isOptionalType({ kind, name }: CelType): boolean {
  return kind === 'opaque' && name === 'optional_type';
}

/** The element of an optional type, and whether it was one. */
export function unwrapOptional(type: CelType): { readonly type: CelType; readonly isOptional: boolean } {
  const [element] = type.parameters;
  return isOptionalType(type) && element ? { type: element, isOptional: true } : { type, isOptional: false };
}

export function isExactType(a: CelType, b: CelType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.name !== b.name || a.parameters.length !== b.parameters.length) return false;
  return a.parameters.every((parameter, index) => isExactType(parameter, b.parameters[index] as CelType));
}

const SHORT_NAMES: Partial<Record<TypeKind, string>> = { duration: 'duration', timestamp: 'timestamp', error: '!error!', null: 'null' };

/** As cel-go prints types in its errors: `map(string, int)`, `null`, `timestamp`. */
export function formatType(type: CelType): string {
  const short = SHORT_NAMES[type.kind];
  if (short !== undefined) return short;
  if (type.parameters.length === 0) return type.name;
  return `${type.name}(${type.parameters.map(formatType).join(', ')})`;
}

/** As cel-go prints types elsewhere (`must evaluate to …`): with their full names. */
export function typeText(type: CelType): string {
  if (type.parameters.length === 0) return type.name;
  return `${type.name}(${type.parameters.map(typeText).join(', ')})`;
}

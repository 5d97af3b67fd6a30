import { BOOL, BYTES, type CelType, DOUBLE, DURATION, DYN, INT, listType, mapType, NULL, optionalType, STRING, structType, TIMESTAMP, typeType, UINT } from '../types.ts';
import { CelDuration, CelMap, CelObject, CelOptional, CelTimestamp, CelUint, MapValue, TypeValue } from './values.ts';

const [ANY_LIST, ANY_MAP, ANY_OPTIONAL, ANY_TYPE] = [listType(DYN), mapType(DYN, DYN), optionalType(DYN), typeType(DYN)];

/** What `type(value)` says. */
export function typeOfValue(value: unknown): CelType {
  switch (typeof value) {
    case 'boolean':
      return BOOL;
    case 'string':
      return STRING;
    case 'bigint':
      return INT;
    case 'number':
      return DOUBLE;
    default:
      return typeOfObject(value);
  }
}

function typeOfObject(value: unknown): CelType {
  if (value === null) return NULL;
  if (Array.isArray(value)) return ANY_LIST;
  if (value instanceof MapValue && value.typeName !== undefined) return structType(value.typeName);
  if (value instanceof CelMap) return ANY_MAP;
  if (value instanceof CelUint) return UINT;
  if (value instanceof CelTimestamp) return TIMESTAMP;
  if (value instanceof CelDuration) return DURATION;
  if (value instanceof CelOptional) return ANY_OPTIONAL;
  if (value instanceof Uint8Array) return BYTES;
  if (value instanceof TypeValue) return ANY_TYPE;
  return value instanceof CelObject ? value.type : DYN;
}

/** Whether a value may stand where the type is declared; elements are not looked at. */
export function isOfType(value: unknown, { kind, name }: CelType): boolean {
  switch (kind) {
    case 'dyn':
    case 'param':
    case 'error':
      return true;
    case 'struct':
      return value instanceof CelMap || (value instanceof CelObject && value.type.name === name);
    case 'opaque':
      return (value instanceof CelOptional && name === 'optional_type') || (value instanceof CelObject && value.type.name === name);
    default:
      return typeOfObjectKind(value) === kind;
  }
}

function typeOfObjectKind(value: unknown): CelType['kind'] {
  return typeOfValue(value).kind;
}

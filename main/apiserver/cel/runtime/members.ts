import { CelEvaluationError, noSuchOverload } from './evaluation-error.ts';
import { CelMap, CelObject, CelOptional, CelUint } from './values.ts';

/** What `target.field` is: undefined when absent. Of an optional, an optional. */
export function memberOf(target: unknown, field: string): unknown {
  if (target instanceof CelMap) return target.get(field);
  if (target instanceof CelOptional) return optionalMember(target, field);
  return target instanceof CelObject ? target.field(field) : undefined;
}

function optionalMember(target: CelOptional, field: string): CelOptional {
  const value = target.hasValue ? memberOf(target.value, field) : undefined;
  return value === undefined ? CelOptional.none : CelOptional.of(value);
}

/** `target.?field` */
export function selectOptional(target: unknown, field: string): CelOptional {
  if (target instanceof CelOptional) return optionalMember(target, field);
  if (!(target instanceof CelMap) && !(target instanceof CelObject)) throw noSuchOverload();
  const value = memberOf(target, field);
  return value === undefined ? CelOptional.none : CelOptional.of(value);
}

/** `target[index]`, or `target[?index]`, which gives an optional. */
export function elementAt(target: unknown, index: unknown, isOptional: boolean): unknown {
  if (target instanceof CelOptional) {
    const value = target.hasValue ? find(target.value, index) : undefined;
    return value === undefined ? CelOptional.none : CelOptional.of(value);
  }
  const value = find(target, index);
  if (isOptional) return value === undefined ? CelOptional.none : CelOptional.of(value);
  if (value !== undefined) return value;
  if (Array.isArray(target)) throw new CelEvaluationError(`index out of bounds: ${textOfKey(index)}`);
  throw new CelEvaluationError(`no such key: ${textOfKey(index)}`);
}

function find(target: unknown, index: unknown): unknown {
  if (target instanceof CelMap) return target.get(index);
  if (!Array.isArray(target)) throw noSuchOverload();
  const at = index instanceof CelUint ? index.value : index;
  if (typeof at === 'bigint' || (typeof at === 'number' && Number.isInteger(at))) return at < 0 ? undefined : (target[Number(at)] as unknown);
  throw new CelEvaluationError(`unsupported index type '${typeof at === 'number' ? 'double' : typeof at}' in list`);
}

function textOfKey(key: unknown): string {
  return String(key instanceof CelUint ? key.value : key);
}

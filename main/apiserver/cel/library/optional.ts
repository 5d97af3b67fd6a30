import { declare, type FunctionDeclaration, global, method, T, V } from '../declarations.ts';
import { CelEvaluationError } from '../runtime/evaluation-error.ts';
import { CelDuration, CelMap, CelOptional, CelTimestamp, CelUint } from '../runtime/values.ts';
import { BOOL, listType, optionalType } from '../types.ts';

const OPTIONAL_V = optionalType(V);

/** Upstream: cel-go cel/library.go, optionalLib. */
export function optionalFunctions(): readonly FunctionDeclaration[] {
  const unwrap = (list: readonly CelOptional[]): unknown[] => list.filter(({ hasValue }) => hasValue).map(({ value }) => value);
  return [
    declare('optional.of', global('optional_of', [V], OPTIONAL_V, (value: unknown) => CelOptional.of(value))),
    declare('optional.ofNonZeroValue', global('optional_ofNonZeroValue', [V], OPTIONAL_V, (value: unknown) => (isZero(value) ? CelOptional.none : CelOptional.of(value)))),
    declare('optional.none', global('optional_none', [], OPTIONAL_V, () => CelOptional.none)),
    declare('optional.unwrap', global('optional_unwrap', [listType(OPTIONAL_V)], listType(V), unwrap)),
    declare('unwrapOpt', method('optional_unwrapOpt', [listType(OPTIONAL_V)], listType(V), unwrap)),
    declare('value', method('optional_value', [OPTIONAL_V], V, valueOf)),
    declare('hasValue', method('optional_hasValue', [OPTIONAL_V], BOOL, ({ hasValue }: CelOptional) => hasValue)),
    declare('or', method('optional_or_optional', [OPTIONAL_V, OPTIONAL_V], OPTIONAL_V)),
    declare('orValue', method('optional_orValue_value', [OPTIONAL_V, V], V)),
    declare('first', method('list_first', [listType(T)], optionalType(T), (list: readonly unknown[]) => (list.length === 0 ? CelOptional.none : CelOptional.of(list[0])))),
    declare('last', method('list_last', [listType(T)], optionalType(T), (list: readonly unknown[]) => (list.length === 0 ? CelOptional.none : CelOptional.of(list.at(-1))))),
  ];
}

function valueOf({ hasValue, value }: CelOptional): unknown {
  if (!hasValue) throw new CelEvaluationError('optional.none() dereference');
  return value;
}

function isZero(value: unknown): boolean {
  if (value === null || value === false || value === '' || value === 0 || value === 0n) return true;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  if (value instanceof CelMap) return value.size === 0;
  if (value instanceof CelUint) return value.value === 0n;
  return (value instanceof CelDuration || value instanceof CelTimestamp) && value.nanos === 0n;
}

import { type CelType, isDyn, isDynOrError, isExactType, listType, mapType, NULL, opaqueType, typeType, DYN } from '../types.ts';

/** What type parameters stand for. Never changed: each step that binds one makes a copy. */
export type Substitution = ReadonlyMap<string, CelType>;
type Draft = Map<string, CelType>;

/** The substitution under which a `from` may stand where a `to` is wanted; undefined when there is none (upstream: cel-go checker/types.go). */
export function assign(substitution: Substitution, to: readonly CelType[], from: readonly CelType[]): Substitution | undefined {
  const draft = new Map(substitution);
  return areAssignable(draft, to, from) ? draft : undefined;
}

function areAssignable(draft: Draft, left: readonly CelType[], right: readonly CelType[]): boolean {
  return left.length === right.length && left.every((type, index) => isAssignable(draft, type, right[index] as CelType));
}

function isAssignable(draft: Draft, left: CelType, right: CelType): boolean {
  if (right.kind === 'param') {
    const { isValid, isBound } = bindParameter(draft, left, right);
    if (isValid) return true;
    if (isBound) return false;
  }
  if (left.kind === 'param') return bindParameter(draft, right, left).isValid;
  if (isDynOrError(left) || isDynOrError(right)) return true;
  if (left.kind === 'null') return isNullable(right);
  if (right.kind === 'null') return isNullable(left);
  switch (left.kind) {
    case 'type':
      return right.kind === 'type';
    case 'opaque':
    case 'list':
    case 'map':
      return left.kind === right.kind && left.name === right.name && areAssignable(draft, left.parameters, right.parameters);
    default:
      return isExactType(left, right);
  }
}

function isNullable(type: CelType): boolean {
  return ['opaque', 'struct', 'duration', 'timestamp'].includes(type.kind) || isExactType(type, NULL);
}

function bindParameter(draft: Draft, type: CelType, parameter: CelType): { readonly isValid: boolean; readonly isBound: boolean } {
  if (isExactType(type, parameter)) return { isValid: true, isBound: true };
  const bound = draft.get(parameter.name);
  if (bound) {
    if (isExactType(type, bound)) return { isValid: true, isBound: true };
    if (!isAssignable(draft, type, bound)) return { isValid: false, isBound: true };
    const general = mostGeneral(type, bound);
    if (!occursIn(draft, parameter, general)) draft.set(parameter.name, general);
    return { isValid: true, isBound: true };
  }
  if (occursIn(draft, parameter, type)) return { isValid: false, isBound: false };
  draft.set(parameter.name, type);
  return { isValid: true, isBound: false };
}

function occursIn(draft: Draft, parameter: CelType, type: CelType): boolean {
  if (isExactType(parameter, type)) return true;
  if (type.kind === 'param') {
    const bound = draft.get(type.name);
    return bound !== undefined && occursIn(draft, parameter, bound);
  }
  return type.parameters.some((part) => occursIn(draft, parameter, part));
}

export function mostGeneral(left: CelType, right: CelType): CelType {
  return isEqualOrLessSpecific(left, right) ? left : right;
}

function isEqualOrLessSpecific(left: CelType, right: CelType): boolean {
  if (isDyn(left) || left.kind === 'param') return true;
  if (isDyn(right) || right.kind === 'param') return false;
  if (left.kind !== right.kind) return false;
  switch (left.kind) {
    case 'type':
      return true;
    case 'opaque':
    case 'list':
    case 'map':
      return left.name === right.name && left.parameters.length === right.parameters.length && left.parameters.every((part, index) => isEqualOrLessSpecific(part, right.parameters[index] as CelType));
    default:
      return isExactType(left, right);
  }
}

/** The type with its parameters replaced; with `freeIsDyn`, those that stand for nothing become dyn. */
export function substitute(substitution: Substitution, type: CelType, freeIsDyn = false): CelType {
  if (type.kind === 'param') {
    const bound = substitution.get(type.name);
    if (bound) return substitute(substitution, bound, freeIsDyn);
    return freeIsDyn ? DYN : type;
  }
  if (type.parameters.length === 0) return type;
  const parts = type.parameters.map((part) => substitute(substitution, part, freeIsDyn));
  const [first = DYN, second = DYN] = parts;
  switch (type.kind) {
    case 'list':
      return listType(first);
    case 'map':
      return mapType(first, second);
    case 'type':
      return typeType(first);
    default:
      return opaqueType(type.name, ...parts);
  }
}

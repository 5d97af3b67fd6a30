import { type CelType, paramType } from './types.ts';

/** One signature of a function, with what it does. The implementation gets CEL values (runtime/values.ts) and throws CelEvaluationError. */
export interface Overload {
  readonly id: string;
  readonly args: readonly CelType[];
  readonly result: CelType;
  /** The first argument stands before the dot. */
  readonly isMember: boolean;
  /** Absent where the evaluator knows the operator itself. */
  readonly implementation?: Implementation;
}

export type Implementation = (...args: never[]) => unknown;

export interface FunctionDeclaration {
  readonly name: string;
  readonly overloads: readonly Overload[];
}

export const [A, B, T, K, V] = ['A', 'B', 'T', 'K', 'V'].map(paramType) as [CelType, CelType, CelType, CelType, CelType];

export function method(id: string, args: readonly CelType[], result: CelType, implementation?: Implementation): Overload {
  return { id, args, result, isMember: true, ...(implementation ? { implementation } : {}) };
}

export function global(id: string, args: readonly CelType[], result: CelType, implementation?: Implementation): Overload {
  return { id, args, result, isMember: false, ...(implementation ? { implementation } : {}) };
}

export function declare(name: string, ...overloads: readonly Overload[]): FunctionDeclaration {
  return { name, overloads };
}

/** Functions by name; a name declared twice has the overloads of both. */
export function functionTable(declarations: readonly FunctionDeclaration[]): ReadonlyMap<string, FunctionDeclaration> {
  const table = new Map<string, FunctionDeclaration>();
  for (const { name, overloads } of declarations) {
    table.set(name, { name, overloads: [...(table.get(name)?.overloads ?? []), ...overloads] });
  }
  return table;
}

/** The fields of object types, by the type's name. */
export interface TypeProvider {
  hasType(name: string): boolean;
  fieldType(typeName: string, field: string): CelType | undefined;
}

export interface Declarations {
  readonly variables: ReadonlyMap<string, CelType>;
  readonly functions: ReadonlyMap<string, FunctionDeclaration>;
  /** Names of types as values: `int`, `net.IP`. */
  readonly types: ReadonlyMap<string, CelType>;
  readonly provider: TypeProvider;
}

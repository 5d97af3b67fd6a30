import { CelEnvironment, celLibrary } from '../../cel/cel-environment.ts';
import { celOfJson, jsonOfCel } from '../../cel/json-values.ts';
import { BOOL, type CelType, DYN, isExactType, listType, mapType, STRING, structType } from '../../cel/types.ts';

/** A CEL expression over one JSON value: `claims` of a token, or the `user` that came of them. */
export interface JsonExpression {
  readonly source: string;
  readonly isBool: boolean;
  /** JSON out; throws when the evaluation fails. */
  evaluate(value: unknown): Promise<unknown>;
}

const USER = structType('kubernetes.UserInfo');
const USER_FIELDS: Readonly<Record<string, CelType>> = { username: STRING, uid: STRING, groups: listType(STRING), extra: mapType(STRING, listType(STRING)) };
const VARIABLES = { claims: mapType(STRING, DYN), user: USER };
const provider = { hasType: (name: string): boolean => name === USER.name, fieldType: (name: string, field: string): CelType | undefined => (name === USER.name && Object.hasOwn(USER_FIELDS, field) ? USER_FIELDS[field] : undefined) };

/** Throws with the compiler's words. */
export function compileJsonExpression(variable: 'claims' | 'user', source: string): JsonExpression {
  const { program, problem } = new CelEnvironment({ library: celLibrary(), variables: { [variable]: VARIABLES[variable] }, provider }).compile(source);
  if (!program) throw new Error(problem);
  return {
    source,
    isBool: isExactType(program.type, BOOL),
    async evaluate(value) {
      const outcome = program.evaluateNow({ [variable]: celOfJson(value) });
      if (outcome.error !== undefined) throw new Error(outcome.error);
      return jsonOfCel(outcome.value);
    },
  };
}

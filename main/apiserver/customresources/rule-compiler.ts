import { CelEnvironment, type CelLibrary, type CelProgram } from '../cel/cel-environment.ts';
import { optionalType, typeText } from '../cel/types.ts';
import { type DeclaredType, providerOf, sizeWithin } from './declared-type.ts';

/** One of x-kubernetes-validations, as a definition carries it. */
export interface Rule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

export interface CompiledExpression {
  readonly program?: CelProgram;
  /** Why there is no program. */
  readonly problem?: string;
}

export interface CompiledRule {
  readonly rule: Rule;
  readonly body: CompiledExpression;
  readonly message: CompiledExpression | undefined;
  readonly usesOldSelf: boolean;
}

/** Objects that rules see have a type without a name that anyone should use. */
export const SELF_TYPE = 'selfType1';

/** Compiles the rules of one part of a schema (upstream: apiextensions-apiserver, pkg/apiserver/schema/cel/compilation.go). */
export function compileRules(rules: readonly Rule[], declared: DeclaredType, library: CelLibrary): readonly CompiledRule[] {
  const provider = providerOf(declared);
  const plain = new CelEnvironment({ library, provider, variables: { self: declared.type, oldSelf: declared.type } });
  const optional = new CelEnvironment({ library, provider, variables: { self: declared.type, oldSelf: optionalType(declared.type) } });
  return rules.map((rule) => {
    const environment = rule.optionalOldSelf ? optional : plain;
    if (rule.rule.trim() === '') return { rule, body: {}, message: undefined, usesOldSelf: false };
    const body = compileBody(environment, rule.rule);
    const message = body.program && rule.messageExpression ? compileMessage(environment, rule.messageExpression) : undefined;
    return { rule, body, message, usesOldSelf: body.program?.variables.has('oldSelf') ?? false };
  });
}

function compileBody(environment: CelEnvironment, source: string): CompiledExpression {
  const { program, problem } = environment.compile(source);
  if (!program) return { problem: `compilation failed: ${problem}` };
  return typeText(program.type) === 'bool' ? { program } : { problem: 'cel expression must evaluate to a bool' };
}

function compileMessage(environment: CelEnvironment, source: string): CompiledExpression {
  const { program, problem } = environment.compile(source);
  if (!program) return { problem: `messageExpression compilation failed: ${problem}` };
  return typeText(program.type) === 'string' ? { program } : { problem: 'messageExpression must evaluate to a string' };
}

/** The most that evaluating the expression once can cost. */
export function worstCost(program: CelProgram | undefined, declared: DeclaredType): number {
  return program?.estimate(sizeWithin(declared)).max ?? 0;
}


import { Environment, EvaluationError, ParseError, TypeError as CelTypeError, type ASTNode, type ParseResult } from '@marcbachmann/cel-js';
import { compilationProblem, lowerFirst, typeName } from './compile-problem.ts';
import { CostBudget, CostLimitError, PER_CALL_COST_LIMIT } from './cost-budget.ts';
import { rewriteExpression } from './expression-source.ts';
import { registerAuthorizer } from './library/authorizer.ts';
import { registerLists } from './library/lists.ts';
import { registerNetwork } from './library/network.ts';
import { registerQuantity } from './library/quantity.ts';
import { registerSemver } from './library/semver.ts';
import { registerStrings } from './library/strings.ts';

/** A compiled expression. Values in and out are CEL's: see values.ts. */
export interface CelProgram {
  readonly source: string;
  /** As cel-go prints it: `bool`, `list(int)`, `dyn`. */
  readonly outputType: string;
  /** Throws CelEvaluationError. Answers a promise where the authorizer is asked. */
  evaluate(bindings: Readonly<Record<string, unknown>>, budget?: CostBudget): unknown;
}

export type CelCompilation = { readonly program: CelProgram; readonly problem?: undefined } | { readonly program?: undefined; readonly problem: string };

export class CelEvaluationError extends Error {
  override readonly name = 'CelEvaluationError';
}

export interface CelEnvironmentOptions {
  /** name → type; `dyn` for objects, `kubernetes.authorization.Authorizer` for the authorizer. */
  readonly variables: Readonly<Record<string, string>>;
  /** name → its known fields, checked when compiling. */
  readonly fields?: Readonly<Record<string, ReadonlySet<string>>>;
}

const LIMITS = { maxDepth: 64, maxAstNodes: 20_000, maxListElements: 5000, maxMapEntries: 5000, maxCallArguments: 32 };

/** Kubernetes' CEL: its libraries over the CEL package, compile errors as cel-go words them. Making one takes about a millisecond. */
export class CelEnvironment {
  readonly #environment: Environment;
  readonly #fields: Readonly<Record<string, ReadonlySet<string>>>;
  #functions: ReadonlySet<string> | undefined;

  constructor({ variables, fields = {} }: CelEnvironmentOptions) {
    const environment = new Environment({ unlistedVariablesAreDyn: false, homogeneousAggregateLiterals: false, enableOptionalTypes: true, limits: LIMITS });
    environment.registerType('CostBudget', CostBudget);
    environment.registerVariable('costBudget', 'CostBudget');
    environment.registerFunction('CostBudget.tick(): bool', (budget: CostBudget) => budget.tick(), { async: false });
    registerStrings(environment);
    registerLists(environment);
    registerQuantity(environment);
    registerNetwork(environment);
    registerSemver(environment);
    registerAuthorizer(environment);
    registerJsonPatch(environment);
    for (const [name, type] of Object.entries(variables)) environment.registerVariable(name, type);
    this.#environment = environment;
    this.#fields = fields;
  }

  /** Compiles; with `expected`, the types the expression may have (`dyn` always may). */
  compile(original: string, expected: readonly string[] = []): CelCompilation {
    const source = rewriteExpression(original);
    try {
      const parsed = this.#environment.parse(source.text);
      const { valid, type, error } = parsed.check();
      if (!valid) throw error;
      const unknown = unknownField(parsed.ast, this.#fields);
      if (unknown) throw new CelTypeError({ code: 'undefined_field', message: `undefined field '${unknown.name}'`, range: { start: unknown.position, end: unknown.position } });
      const outputType = typeName(type);
      if (!isExpected(outputType, expected)) {
        return { problem: `must evaluate to ${expected.length > 1 ? `one of [${expected.join(' ')}]` : expected[0]} but got ${outputType}` };
      }
      return { program: { source: original, outputType, evaluate: (bindings, budget) => run(parsed, bindings, budget) } };
    } catch (error) {
      if (!(error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError)) throw error;
      this.#functions ??= new Set(this.#environment.getDefinitions().functions.map(({ name }) => name));
      return { problem: compilationProblem(error, { original, source, functions: this.#functions }) };
    }
  }
}

function isExpected(type: string, expected: readonly string[]): boolean {
  if (expected.length === 0 || type === 'dyn') return true;
  return expected.some((one) => one === type || (one === 'Object' && type.startsWith('map')) || (one === 'list(JSONPatch)' && type.startsWith('list')));
}

function run(parsed: ParseResult, bindings: Readonly<Record<string, unknown>>, costBudget = new CostBudget(PER_CALL_COST_LIMIT)): unknown {
  costBudget.spend(1);
  try {
    const answer: unknown = parsed({ ...bindings, costBudget });
    return answer instanceof Promise ? answer.catch((error: unknown) => Promise.reject(evaluationError(error))) : answer;
  } catch (error) {
    throw evaluationError(error);
  }
}

/** Whatever evaluation throws is about the expression and its data. */
function evaluationError(error: unknown): CelEvaluationError {
  const cost = [error, error instanceof Error ? error.cause : undefined].find((one) => one instanceof CostLimitError);
  if (cost instanceof Error) return new CelEvaluationError(cost.message, { cause: error });
  const message = error instanceof EvaluationError ? error.summary : error instanceof Error ? error.message : String(error);
  return new CelEvaluationError(lowerFirst(message), { cause: error });
}

class JsonPatchNamespace {
  /** The package tells types apart by their classes. */
  readonly name = 'jsonpatch';
}

function registerJsonPatch(environment: Environment): void {
  environment.registerType('JsonPatchNamespace', JsonPatchNamespace);
  environment.registerConstant('jsonpatch', 'JsonPatchNamespace', new JsonPatchNamespace());
  environment.registerFunction('JsonPatchNamespace.escapeKey(string): string', (_: JsonPatchNamespace, key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1'), { async: false });
}

interface UnknownField {
  readonly name: string;
  readonly position: number;
}

/** `request.nope`: the package knows the variable only as dyn. */
function unknownField(node: unknown, fields: Readonly<Record<string, ReadonlySet<string>>>): UnknownField | undefined {
  if (Array.isArray(node)) {
    for (const item of node) {
      const found = unknownField(item, fields);
      if (found) return found;
    }
    return undefined;
  }
  if (typeof node !== 'object' || node === null || !('op' in node)) return undefined;
  const { op, args } = node as ASTNode;
  if (op === '.') {
    const [target, name] = args;
    const known = target.op === 'id' ? fields[target.args] : undefined;
    if (known && !known.has(name)) return { name, position: target.end };
  }
  return unknownField(args, fields);
}

import { type Checked, checkExpression } from './check/checker.ts';
import { checkLiterals } from './check/literal-checks.ts';
import { estimateCost, type SizeOf } from './cost/estimate.ts';
import type { Range } from './cost/range.ts';
import type { Declarations, FunctionDeclaration, TypeProvider } from './declarations.ts';
import { functionTable } from './declarations.ts';
import { operators } from './library/arithmetic.ts';
import { AUTHORIZER_TYPES, authorizerFunctions } from './library/authorizer.ts';
import { conversions } from './library/conversions.ts';
import { jsonPatchFunctions } from './library/json-patch.ts';
import { listFunctions } from './library/lists.ts';
import { FORMAT_TYPE, formatFunctions } from './library/named-formats.ts';
import { CIDR_TYPE, IP_TYPE, networkFunctions } from './library/network.ts';
import { optionalFunctions } from './library/optional.ts';
import { QUANTITY_TYPE, quantityFunctions } from './library/quantity.ts';
import { SEMVER_TYPE, semverFunctions } from './library/semver.ts';
import { stringFunctions } from './library/strings.ts';
import { timeFunctions } from './library/time.ts';
import { URL_TYPE, urlFunctions } from './library/urls.ts';
import { CelEvaluationError, CostLimitError, Suspension } from './runtime/evaluation-error.ts';
import { type Bindings, Frame, planEvaluation, type Step } from './runtime/evaluate.ts';
import { describeProblems } from './syntax/problems.ts';
import { parseExpression } from './syntax/parser.ts';
import { BOOL, BYTES, type CelType, DOUBLE, DURATION, DYN, INT, listType, mapType, NULL, optionalType, STRING, TIMESTAMP, typeType, UINT } from './types.ts';

/** Upstream's PerCallLimit: what one expression may spend (apiserver/pkg/apis/cel/config.go). */
export const PER_CALL_COST_LIMIT = 1_000_000;

/** How an evaluation ended, and what it cost. */
export type Outcome =
  | { readonly cost: number; readonly value: unknown; readonly error?: undefined }
  | { readonly cost: number; readonly error: string; readonly isCostLimit: boolean };

/** A compiled expression. Values in and out are CEL's: see runtime/values.ts. */
export interface CelProgram {
  readonly source: string;
  readonly type: CelType;
  /** Variables of the environment that it uses. */
  readonly variables: ReadonlySet<string>;
  estimate(sizeOf: SizeOf): Range;
  /** A promise only where the authorizer has to be waited for. */
  evaluate(bindings: Bindings): Outcome | Promise<Outcome>;
  /** For expressions that cannot ask the authorizer. */
  evaluateNow(bindings: Bindings): Outcome;
}

export type CelCompilation = { readonly program: CelProgram; readonly problem?: undefined } | { readonly program?: undefined; readonly problem: string };

/** Everything that does not depend on where an expression stands: the functions and types of Kubernetes 1.36. */
export interface CelLibrary {
  readonly functions: ReadonlyMap<string, FunctionDeclaration>;
  readonly types: ReadonlyMap<string, CelType>;
}

/** Declares all functions; takes about a millisecond, so servers make one and share it. */
export function celLibrary(): CelLibrary {
  const functions = functionTable([
    ...operators(), ...conversions(), ...timeFunctions(), ...stringFunctions(), ...listFunctions(), ...optionalFunctions(), ...networkFunctions(), ...urlFunctions(), ...quantityFunctions(),
    ...semverFunctions(), ...formatFunctions(), ...authorizerFunctions(), ...jsonPatchFunctions(),
  ]);
  const named = [BOOL, BYTES, DOUBLE, DURATION, INT, NULL, STRING, TIMESTAMP, UINT, listType(DYN), mapType(DYN, DYN), typeType(DYN), optionalType(DYN), IP_TYPE, CIDR_TYPE, URL_TYPE, QUANTITY_TYPE, SEMVER_TYPE, FORMAT_TYPE, ...AUTHORIZER_TYPES];
  return { functions, types: new Map(named.map((type) => [type.name, type])) };
}

export interface CelEnvironmentOptions {
  readonly library: CelLibrary;
  readonly variables: Readonly<Record<string, CelType>>;
  readonly provider?: TypeProvider;
  /** Whether there is cel.bind(). */
  readonly hasBind?: boolean;
}

const NO_TYPES: TypeProvider = { hasType: () => false, fieldType: () => undefined };

/** Compiles expressions that see certain variables. Cheap to make. */
export class CelEnvironment {
  readonly #declarations: Declarations;
  readonly #hasBind: boolean;

  constructor({ library, variables, provider = NO_TYPES, hasBind = false }: CelEnvironmentOptions) {
    this.#hasBind = hasBind;
    this.#declarations = { ...library, provider, variables: new Map(Object.entries(variables)) };
  }

  /** The problem is cel-go's text, several lines long, without an introduction. */
  compile(source: string): CelCompilation {
    const { expression, problems: syntaxProblems } = parseExpression(source, { hasBind: this.#hasBind });
    if (!expression) return { problem: describeProblems(source, syntaxProblems) };
    const { checked, problems: typeProblems } = checkExpression(expression, this.#declarations);
    if (!checked) return { problem: describeProblems(source, typeProblems) };
    const literalProblems = checkLiterals(checked);
    if (literalProblems.length > 0) return { problem: describeProblems(source, literalProblems) };
    return { program: programOf(source, checked, this.#declarations.types) };
  }
}

function programOf(source: string, checked: Checked, types: ReadonlyMap<string, CelType>): CelProgram {
  let step: Step | undefined;
  const run = (bindings: Bindings): Outcome | Promise<Outcome> => {
    step ??= planEvaluation(checked, types);
    const frame = new Frame(bindings, PER_CALL_COST_LIMIT);
    try {
      return { value: step(frame), cost: frame.cost };
    } catch (error) {
      if (error instanceof Suspension) return error.promise.then(() => run(bindings));
      return failed(error, frame.cost);
    }
  };
  return {
    source,
    type: checked.type,
    variables: checked.variables,
    estimate: (sizeOf) => estimateCost(checked, sizeOf),
    evaluate: run,
    evaluateNow(bindings) {
      const outcome = run(bindings);
      if (outcome instanceof Promise) throw new Error(`Cannot evaluate "${source}": it asks the authorizer`);
      return outcome;
    },
  };
}

function failed(error: unknown, cost: number): Outcome {
  if (error instanceof CelEvaluationError || error instanceof CostLimitError) return { error: error.message, cost, isCostLimit: error instanceof CostLimitError };
  if (error instanceof RangeError) return { error: 'expression recursion limit exceeded', cost, isCostLimit: false };
  throw error;
}

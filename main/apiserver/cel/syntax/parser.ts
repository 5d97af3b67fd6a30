import type { CallExpression, Entry, Expression, FieldInitializer, LiteralValue } from './expression.ts';
import { bytesValue, intValue, stringValue, uintValue } from './literals.ts';
import { expandMacro, type MacroOptions } from './macros.ts';
import type { Problem } from './problems.ts';
import { SyntaxFailure, TokenStream } from './token-stream.ts';
import { tokenize, type Token, type TokenKind } from './tokens.ts';

/** Upstream: cel-go parser, defaults of NewParser. */
const MAX_CODE_POINTS = 100_000;
const MAX_DEPTH = 250;

const OPERAND: readonly TokenKind[] = ['[', '{', '(', '.', '-', '!', 'true', 'false', 'null', 'NUM_FLOAT', 'NUM_INT', 'NUM_UINT', 'STRING', 'BYTES', 'IDENTIFIER'];
const RELATIONS: readonly TokenKind[] = ['<', '<=', '>=', '>', '==', '!=', 'in'];
const RESERVED: ReadonlySet<string> = new Set([
  'as', 'break', 'const', 'continue', 'else', 'false', 'for', 'function', 'if', 'import', 'in', 'let', 'loop', 'package', 'namespace', 'null', 'return', 'true', 'var', 'void', 'while',
]);

export type Parsed = { readonly expression: Expression; readonly problems?: undefined } | { readonly expression?: undefined; readonly problems: readonly Problem[] };

/** Parses one expression and expands its macros. Problems are in the words that cel-go's ANTLR parser finds for them. */
export function parseExpression(source: string, macros: MacroOptions = {}): Parsed {
  const size = [...source].length;
  if (size > MAX_CODE_POINTS) return { problems: [{ position: -1, message: `expression code point size exceeds limit: size: ${size}, limit ${MAX_CODE_POINTS}` }] };
  const problems: Problem[] = [];
  const stream = new TokenStream(source, tokenize(source, problems), problems);
  const parser = new Parser(stream, problems, macros);
  try {
    const expression = parser.parse();
    return problems.length > 0 ? { problems } : { expression };
  } catch (error) {
    if (!(error instanceof SyntaxFailure)) throw error;
    problems.push(error.problem);
    return { problems };
  }
}

/** Recursive descent; each method reads one rule of cel-go's grammar (parser/gen/CEL.g4). */
class Parser {
  readonly #tokens: TokenStream;
  readonly #problems: Problem[];
  readonly #macros: MacroOptions;
  #depth = 0;

  constructor(tokens: TokenStream, problems: Problem[], macros: MacroOptions) {
    this.#tokens = tokens;
    this.#problems = problems;
    this.#macros = macros;
  }

  parse(): Expression {
    const expression = this.#expression();
    this.#tokens.match('<EOF>');
    return expression;
  }

  #expression(): Expression {
    if (++this.#depth > MAX_DEPTH) throw new SyntaxFailure({ position: -1, message: `expression recursion limit exceeded: ${MAX_DEPTH}` });
    const condition = this.#logical('||');
    const question = this.#tokens.take('?');
    if (!question) {
      this.#depth--;
      return condition;
    }
    const whenTrue = this.#logical('||');
    this.#tokens.match(':');
    const whenFalse = this.#expression();
    this.#depth--;
    return this.#call(question.start, '_?_:_', [condition, whenTrue, whenFalse]);
  }

  /** Chains of && and || become balanced trees. */
  #logical(operator: '||' | '&&'): Expression {
    const operand = (): Expression => (operator === '||' ? this.#logical('&&') : this.#relation());
    const terms = [operand()];
    const positions: number[] = [];
    for (let token = this.#tokens.take(operator); token; token = this.#tokens.take(operator)) {
      positions.push(token.start);
      terms.push(operand());
    }
    return terms.length === 1 ? (terms[0] as Expression) : balanced({ name: `_${operator}_`, terms, positions }, 0, positions.length - 1);
  }

  #relation(): Expression {
    return this.#leftAssociative(RELATIONS, () => this.#sum());
  }

  #sum(): Expression {
    return this.#leftAssociative(['+', '-'], () => this.#product());
  }

  #product(): Expression {
    return this.#leftAssociative(['*', '/', '%'], () => this.#unary());
  }

  #leftAssociative(operators: readonly TokenKind[], operand: () => Expression): Expression {
    let left = operand();
    for (let token = this.#tokens.take(...operators); token; token = this.#tokens.take(...operators)) {
      const name = token.kind === 'in' ? '@in' : `_${token.text}_`;
      left = this.#call(token.start, name, [left, operand()]);
    }
    return left;
  }

  #unary(): Expression {
    this.#tokens.sync(OPERAND);
    const first = this.#tokens.current;
    if (first.kind === '-' && this.#tokens.isNumberNext()) return this.#member();
    if (first.kind !== '!' && first.kind !== '-') return this.#member();
    let count = 0;
    while (this.#tokens.current.kind === first.kind && !(count > 0 && first.kind === '-' && this.#tokens.isNumberNext())) {
      this.#tokens.advance();
      count++;
    }
    if (!OPERAND.includes(this.#tokens.current.kind)) throw this.#tokens.noViableAlternative(first);
    const operand = this.#member();
    return count % 2 === 0 ? operand : this.#call(first.start, first.kind === '!' ? '!_' : '-_', [operand]);
  }

  #member(): Expression {
    let operand = this.#primary();
    for (let token = this.#tokens.take('.', '['); token; token = this.#tokens.take('.', '[')) {
      operand = token.kind === '.' ? this.#afterDot(operand, token) : this.#index(operand, token);
    }
    return operand;
  }

  #afterDot(operand: Expression, dot: Token): Expression {
    const isOptional = this.#tokens.take('?') !== undefined;
    const { current } = this.#tokens;
    if (current.kind !== 'IDENTIFIER' && current.kind !== 'ESC_IDENTIFIER') throw this.#tokens.noViableAlternative(isOptional ? current : dot);
    this.#tokens.advance();
    if (current.kind === 'ESC_IDENTIFIER') this.#problems.push({ position: current.start, message: "unsupported syntax: '`'" });
    if (isOptional) {
      return { kind: 'call', position: dot.start, name: '_?._', args: [operand, { kind: 'literal', position: current.start, value: current.text }] };
    }
    const open = current.kind === 'IDENTIFIER' ? this.#tokens.take('(') : undefined;
    if (open) return this.#call(open.start, current.text, this.#arguments(), operand);
    return { kind: 'select', position: dot.start, operand, field: current.text, isTest: false };
  }

  #index(operand: Expression, open: Token): Expression {
    this.#tokens.sync([...OPERAND, '?']);
    const isOptional = this.#tokens.take('?') !== undefined;
    const index = this.#within(']', () => this.#expression());
    this.#tokens.match(']');
    return this.#call(open.start, isOptional ? '_[?_]' : '_[_]', [operand, index]);
  }

  /** After the opening parenthesis, the closing one included. */
  #arguments(): readonly Expression[] {
    this.#tokens.sync([...OPERAND, ')']);
    const args: Expression[] = [];
    this.#within(')', () => {
      if (this.#tokens.current.kind === ')') return;
      do args.push(this.#expression());
      while (this.#tokens.take(','));
    });
    this.#tokens.match(')');
    return args;
  }

  #primary(): Expression {
    const { current } = this.#tokens;
    switch (current.kind) {
      case '(':
        return this.#nested();
      case '[':
        return this.#list();
      case '{':
        return this.#map();
      case '.':
      case 'IDENTIFIER':
        return this.#name();
      default:
        return this.#literal();
    }
  }

  #nested(): Expression {
    this.#tokens.advance();
    const expression = this.#within(')', () => this.#expression());
    this.#tokens.match(')');
    return expression;
  }

  #list(): Expression {
    const open = this.#tokens.advance();
    this.#tokens.sync([...OPERAND, ']', ',', '?']);
    const elements: Expression[] = [];
    const optionals = new Set<number>();
    this.#within(']', () => {
      while (this.#tokens.current.kind !== ']' && this.#tokens.current.kind !== ',') {
        this.#tokens.sync([...OPERAND, '?']);
        if (this.#tokens.take('?')) optionals.add(elements.length);
        elements.push(this.#expression());
        if (!this.#tokens.take(',')) return;
      }
      this.#tokens.take(',');
    });
    this.#tokens.match(']');
    return { kind: 'list', position: open.start, elements, optionals };
  }

  #map(): Expression {
    const open = this.#tokens.advance();
    this.#tokens.sync([...OPERAND, '}', ',', '?']);
    const entries: Entry[] = [];
    this.#within('}', () => {
      while (this.#tokens.current.kind !== '}' && this.#tokens.current.kind !== ',') {
        this.#tokens.sync([...OPERAND, '?']);
        const isOptional = this.#tokens.take('?') !== undefined;
        const key = this.#expression();
        const { start: position } = this.#tokens.match(':');
        entries.push({ position, key, value: this.#expression(), isOptional });
        if (!this.#tokens.take(',')) return;
      }
      this.#tokens.take(',');
    });
    this.#tokens.match('}');
    return { kind: 'map', position: open.start, entries };
  }

  /** A variable, a function's call or a message. */
  #name(): Expression {
    const start = this.#tokens.current;
    const leading = this.#tokens.take('.') ? '.' : '';
    if (this.#tokens.current.kind !== 'IDENTIFIER') throw this.#tokens.noViableAlternative(start);
    const typeName = this.#tokens.takeTypeName();
    if (typeName !== undefined) return this.#struct(leading + typeName);
    const word = this.#tokens.advance();
    const open = this.#tokens.take('(');
    if (RESERVED.has(word.text)) {
      this.#problems.push({ position: start.start, message: `reserved identifier: ${word.text}` });
    }
    if (open) return this.#call(open.start, leading + word.text, this.#arguments());
    return { kind: 'ident', position: word.start, name: leading + word.text };
  }

  #struct(typeName: string): Expression {
    const open = this.#tokens.advance();
    this.#tokens.sync(['}', ',', '?', 'IDENTIFIER', 'ESC_IDENTIFIER']);
    const fields: FieldInitializer[] = [];
    this.#within('}', () => {
      while (this.#tokens.current.kind !== '}' && this.#tokens.current.kind !== ',') {
        this.#tokens.sync(['?', 'IDENTIFIER', 'ESC_IDENTIFIER']);
        const isOptional = this.#tokens.take('?') !== undefined;
        const field = this.#tokens.match('IDENTIFIER').text;
        const { start: position } = this.#tokens.match(':');
        fields.push({ position, field, value: this.#expression(), isOptional });
        if (!this.#tokens.take(',')) return;
      }
      this.#tokens.take(',');
    });
    this.#tokens.match('}');
    return { kind: 'struct', position: open.start, typeName, fields };
  }

  #literal(): Expression {
    const start = this.#tokens.current;
    const isNegative = this.#tokens.take('-') !== undefined;
    const token = this.#tokens.advance();
    const literal = (value: LiteralValue): Expression => ({ kind: 'literal', position: start.start, value });
    const problem = (message: string): Expression => {
      this.#problems.push({ position: start.start, message });
      return literal(null);
    };
    switch (token.kind) {
      case 'NUM_INT': {
        const value = intValue(token.text, isNegative);
        return value === undefined ? problem('invalid int literal') : literal(value);
      }
      case 'NUM_UINT': {
        const uint = uintValue(token.text);
        return uint === undefined ? problem('invalid uint literal') : literal({ uint });
      }
      case 'NUM_FLOAT': {
        const value = Number(token.text) * (isNegative ? -1 : 1);
        return Number.isFinite(value) ? literal(value) : problem('invalid double literal');
      }
      case 'STRING':
      case 'BYTES':
        try {
          return literal(token.kind === 'STRING' ? stringValue(token.text) : bytesValue(token.text));
        } catch (error) {
          return problem((error as Error).message);
        }
      default:
        return literal(token.kind === 'null' ? null : token.kind === 'true');
    }
  }

  #within<T>(closing: TokenKind, read: () => T): T {
    this.#tokens.expectLater(closing);
    const result = read();
    this.#tokens.expectNoMore();
    return result;
  }

  #call(position: number, name: string, args: readonly Expression[], target?: Expression): Expression {
    const call: CallExpression = { kind: 'call', position, name, args, ...(target ? { target } : {}) };
    const { expression, problem } = expandMacro(call, this.#macros);
    if (!problem) return expression;
    this.#problems.push(problem);
    return { kind: 'literal', position, value: null };
  }
}

interface Chain {
  readonly name: string;
  readonly terms: readonly Expression[];
  readonly positions: readonly number[];
}

function balanced(chain: Chain, low: number, high: number): Expression {
  const middle = Math.floor((low + high + 1) / 2);
  const { name, terms, positions } = chain;
  const left = middle === low ? (terms[middle] as Expression) : balanced(chain, low, middle - 1);
  const right = middle === high ? (terms[middle + 1] as Expression) : balanced(chain, middle + 1, high);
  return { kind: 'call', position: positions[middle] ?? 0, name, args: [left, right] };
}

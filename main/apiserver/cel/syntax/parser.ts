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
  const strict = parseWith(source, macros, false);
  if (strict.expression || strict.tooDeep) return strict;
  try {
    const tolerant = parseWith(source, macros, true);
    return tolerant.expression ? strict : tolerant;
  } catch (error) {
    // Reading on takes twice the stack. What was found first is true as well.
    if (error instanceof RangeError) return strict;
    throw error;
  }
}

/** `tolerant` reads on after errors, which takes more of everything: only to tell all of them. */
function parseWith(source: string, macros: MacroOptions, tolerant: boolean): Parsed & { readonly tooDeep?: boolean } {
  const problems: Problem[] = [];
  const stream = new TokenStream(tokenize(source, problems), problems);
  const parser = new Parser({ tokens: stream, problems, macros, tolerant });
  try {
    const expression = parser.parse();
    return problems.length > 0 ? { problems } : { expression };
  } catch (error) {
    if (error instanceof SyntaxFailure) problems.push(error.problem);
    else if (error instanceof TooDeep) problems.push({ position: -1, message: error.message });
    else throw error;
    return { problems, tooDeep: error instanceof TooDeep };
  }
}

class TooDeep extends Error {
  override readonly name = 'TooDeep';
}

/** What stands where nothing could be read. */
const UNREADABLE: Expression = { kind: 'ident', position: 0, name: '<error>' };

/** Recursive descent; each method reads one rule of cel-go's grammar (parser/gen/CEL.g4). */
class Parser {
  readonly #tokens: TokenStream;
  readonly #problems: Problem[];
  readonly #macros: MacroOptions;
  readonly #tolerant: boolean;
  /** Of each rule being read, what may stand after it where it was begun. */
  readonly #follows: (readonly TokenKind[])[] = [];
  #depth = 0;

  constructor({ tokens, problems, macros, tolerant }: { readonly tokens: TokenStream; readonly problems: Problem[]; readonly macros: MacroOptions; readonly tolerant: boolean }) {
    this.#tolerant = tolerant;
    this.#tokens = tokens;
    this.#problems = problems;
    this.#macros = macros;
  }

  parse(): Expression {
    return this.#tolerant ? this.#rule([], () => this.#start()) : this.#start();
  }

  #start(): Expression {
    const expression = this.#expression(['<EOF>']);
    this.#tokens.match('<EOF>');
    return expression;
  }

  /** Reads one rule; what goes wrong in it is told, and reading goes on behind it. */
  #rule<T>(follow: readonly TokenKind[], read: () => T, otherwise: T = UNREADABLE as T): T {
    if (!this.#tolerant) return read();
    this.#follows.push(follow);
    try {
      return read();
    } catch (error) {
      if (!(error instanceof SyntaxFailure)) throw error;
      this.#tokens.recover(error, new Set(this.#follows.flat()));
      return otherwise;
    } finally {
      this.#follows.pop();
    }
  }

  #expression(follow: readonly TokenKind[]): Expression {
    if (++this.#depth > MAX_DEPTH) throw new TooDeep(`expression recursion limit exceeded: ${MAX_DEPTH}`);
    const expression = this.#tolerant ? this.#rule(follow, () => this.#conditional()) : this.#conditional();
    this.#depth--;
    return expression;
  }

  #conditional(): Expression {
    const condition = this.#tolerant ? this.#rule(['?'], () => this.#logical('||')) : this.#logical('||');
    const question = this.#tokens.take('?');
    if (!question) return condition;
    const whenTrue = this.#tolerant ? this.#rule([':'], () => this.#logical('||')) : this.#logical('||');
    this.#tokens.match(':');
    return this.#call(question.start, '_?_:_', [condition, whenTrue, this.#expression([])]);
  }

  /** Chains of && and || become balanced trees. */
  #logical(operator: '||' | '&&'): Expression {
    const terms = [this.#term(operator)];
    const positions: number[] = [];
    for (let token = this.#tokens.take(operator); token; token = this.#tokens.take(operator)) {
      positions.push(token.start);
      terms.push(this.#term(operator));
    }
    return terms.length === 1 ? (terms[0] as Expression) : balanced({ name: `_${operator}_`, terms, positions }, 0, positions.length - 1);
  }

  #term(operator: '||' | '&&'): Expression {
    if (this.#tolerant) return this.#rule([operator], () => (operator === '||' ? this.#logical('&&') : this.#relation()));
    return operator === '||' ? this.#logical('&&') : this.#relation();
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
    let left = this.#tolerant ? this.#rule(operators, operand) : operand();
    for (let token = this.#tokens.take(...operators); token; token = this.#tokens.take(...operators)) {
      const name = token.kind === 'in' ? '@in' : `_${token.text}_`;
      left = this.#call(token.start, name, [left, this.#tolerant ? this.#rule(operators, operand) : operand()]);
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
      if (first.kind === '-' && !this.#tokens.isNext(...OPERAND)) throw this.#tokens.noViableAlternative(2);
      this.#tokens.advance();
      count++;
    }
    this.#tokens.sync(OPERAND);
    const operand = this.#member();
    return count % 2 === 0 ? operand : this.#call(first.start, first.kind === '!' ? '!_' : '-_', [operand]);
  }

  #member(): Expression {
    return this.#tolerant ? this.#rule([], () => this.#operand()) : this.#operand();
  }

  #operand(): Expression {
    let operand = this.#tolerant ? this.#rule(['.', '['], () => this.#primary()) : this.#primary();
    for (;;) {
      if (this.#tokens.current.kind === '.' && !this.#tokens.isNext('?', 'IDENTIFIER', 'ESC_IDENTIFIER')) throw this.#tokens.noViableAlternative(2);
      const token = this.#tokens.take('.', '[');
      if (!token) return operand;
      operand = token.kind === '.' ? this.#afterDot(operand, token) : this.#index(operand, token);
    }
  }

  #afterDot(operand: Expression, dot: Token): Expression {
    const isOptional = this.#tokens.take('?') !== undefined;
    const { current } = this.#tokens;
    if (current.kind !== 'IDENTIFIER' && current.kind !== 'ESC_IDENTIFIER') throw this.#tokens.noViableAlternative(1);
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
    const index = this.#within(']', () => this.#expression([']']));
    this.#tokens.match(']');
    return this.#call(open.start, isOptional ? '_[?_]' : '_[_]', [operand, index]);
  }

  /** After the opening parenthesis, the closing one included. */
  #arguments(): readonly Expression[] {
    this.#tokens.sync([...OPERAND, ')']);
    const args: Expression[] = [];
    this.#within(')', () => {
      if (this.#tokens.current.kind === ')') return;
      this.#rule([')'], () => {
        do args.push(this.#expression([',']));
        while (this.#tokens.take(','));
      }, undefined);
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
    const expression = this.#within(')', () => this.#expression([')']));
    this.#tokens.match(')');
    return expression;
  }

  #list(): Expression {
    const open = this.#tokens.advance();
    this.#tokens.sync([...OPERAND, ']', ',', '?']);
    const elements: Expression[] = [];
    const optionals = new Set<number>();
    this.#within(']', () => {
      this.#elements(']', [...OPERAND, '?'], () => {
        if (this.#tokens.take('?')) optionals.add(elements.length);
        elements.push(this.#expression([',']));
      });
    });
    this.#tokens.match(']');
    return { kind: 'list', position: open.start, elements, optionals };
  }

  #map(): Expression {
    const open = this.#tokens.advance();
    this.#tokens.sync([...OPERAND, '}', ',', '?']);
    const entries: Entry[] = [];
    this.#within('}', () => {
      this.#elements('}', [...OPERAND, '?'], () => {
        const isOptional = this.#tokens.take('?') !== undefined;
        const key = this.#expression([':']);
        const { start: position } = this.#tokens.match(':');
        entries.push({ position, key, value: this.#expression([',']), isOptional });
      });
    });
    this.#tokens.match('}');
    return { kind: 'map', position: open.start, entries };
  }

  /** A variable, a function's call or a message. */
  #name(): Expression {
    const start = this.#tokens.current;
    if (start.kind === '.' && !this.#tokens.isNext('IDENTIFIER')) throw this.#tokens.noViableAlternative(2);
    const leading = this.#tokens.take('.') ? '.' : '';
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
      this.#elements('}', ['?', 'IDENTIFIER', 'ESC_IDENTIFIER'], () => {
        const isOptional = this.#tokens.take('?') !== undefined;
        const field = this.#tokens.match('IDENTIFIER').text;
        const { start: position } = this.#tokens.match(':');
        fields.push({ position, field, value: this.#expression([',']), isOptional });
      });
    });
    this.#tokens.match('}');
    return { kind: 'struct', position: open.start, typeName, fields };
  }

  #literal(): Expression {
    const start = this.#tokens.current;
    if (start.kind === '-' && !this.#tokens.isNumberNext()) throw this.#tokens.noViableAlternative(2);
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

  /** None, or some with commas between them and perhaps one more at the end. */
  #elements(closing: TokenKind, first: readonly TokenKind[], read: () => void): void {
    if (this.#tokens.current.kind !== closing && this.#tokens.current.kind !== ',') {
      this.#rule([',', closing], () => {
        for (;;) {
          this.#tokens.sync(first);
          read();
          if (this.#tokens.current.kind !== ',' || !this.#tokens.isNext(...first)) return;
          this.#tokens.advance();
        }
      }, undefined);
    }
    this.#tokens.sync([closing, ',']);
    this.#tokens.take(',');
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

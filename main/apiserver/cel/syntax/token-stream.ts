import type { Problem } from './problems.ts';
import { describeKinds, escapeBlanks, type Token, type TokenKind } from './tokens.ts';

/** Reading cannot go on. */
export class SyntaxFailure extends Error {
  override readonly name = 'SyntaxFailure';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

const AFTER_OPERAND: ReadonlySet<TokenKind> = new Set(['==', '!=', 'in', '<', '<=', '>=', '>', '&&', '||', '[', '.', '-', '?', '+', '*', '/', '%']);
const RESERVED_MEMBER = /^\.(true|false|null)$/;

/**
 * Tokens with one of lookahead, and ANTLR's repair of single tokens: one too many is skipped, one missing is taken as read, both are told.
 * Anything worse ends the reading.
 */
export class TokenStream {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  readonly #problems: Problem[];
  readonly #closings: TokenKind[] = [];
  #index = 0;

  constructor(source: string, tokens: readonly Token[], problems: Problem[]) {
    this.#source = source;
    this.#tokens = tokens;
    this.#problems = problems;
  }

  get current(): Token {
    return this.#tokens[this.#index] as Token;
  }

  get #next(): Token {
    return this.#tokens[Math.min(this.#index + 1, this.#tokens.length - 1)] as Token;
  }

  advance(): Token {
    const token = this.current;
    if (token.kind !== '<EOF>') this.#index++;
    return token;
  }

  take(...kinds: readonly TokenKind[]): Token | undefined {
    return kinds.includes(this.current.kind) ? this.advance() : undefined;
  }

  isNumberNext(): boolean {
    return this.#next.kind === 'NUM_INT' || this.#next.kind === 'NUM_FLOAT';
  }

  /** `a.b.C` before a `{`; the brace is not taken. */
  takeTypeName(): string | undefined {
    let end = this.#index;
    while (this.#tokens[end + 1]?.kind === '.' && this.#tokens[end + 2]?.kind === 'IDENTIFIER') end += 2;
    if (this.#tokens[end + 1]?.kind !== '{') return undefined;
    const name = this.#tokens.slice(this.#index, end + 1).map(({ text }) => text).join('');
    this.#index = end + 1;
    return name;
  }

  expectLater(closing: TokenKind): void {
    this.#closings.push(closing);
  }

  expectNoMore(): void {
    this.#closings.pop();
  }

  /** The current token is one of these afterwards. */
  sync(kinds: readonly TokenKind[]): void {
    if (kinds.includes(this.current.kind)) return;
    const expected = new Set(kinds);
    if (expected.has(this.#next.kind)) this.#skip(expected);
    else throw this.#mismatch(expected);
  }

  match(kind: TokenKind): Token {
    const token = this.current;
    if (token.kind === kind) return this.advance();
    const expected = new Set([kind]);
    if (this.#next.kind === kind && token.kind !== '<EOF>') {
      this.#skip(expected);
      return this.advance();
    }
    if (kind === '<EOF>' || !this.#mayFollow(kind, token.kind)) throw this.#mismatch(expected);
    this.#problems.push({ position: token.start, message: `Syntax error: missing ${describeKinds(expected)} at '${escapeBlanks(token.text)}'` });
    return { ...token, kind, text: kind };
  }

  noViableAlternative(from: Token): SyntaxFailure {
    const { current } = this;
    const text = from.kind === '<EOF>' ? '<EOF>' : this.#source.slice(from.start, current.end);
    const reserved = RESERVED_MEMBER.exec(text)?.[1];
    const message = reserved === undefined ? `no viable alternative at input '${escapeBlanks(text)}'` : `mismatched input '${reserved}' expecting IDENTIFIER`;
    return new SyntaxFailure({ position: current.start, message: `Syntax error: ${message}` });
  }

  #mayFollow(missing: TokenKind, token: TokenKind): boolean {
    if (missing === ':') return ['[', '{', '(', '.', '-', '!', 'true', 'false', 'null', 'NUM_FLOAT', 'NUM_INT', 'NUM_UINT', 'STRING', 'BYTES', 'IDENTIFIER'].includes(token);
    if (missing === 'IDENTIFIER') return token === ':';
    if (AFTER_OPERAND.has(token)) return true;
    const closing = this.#closings.at(-1);
    return closing === undefined ? token === '<EOF>' : token === closing || token === ',';
  }

  #skip(expected: ReadonlySet<TokenKind>): void {
    const { current } = this;
    this.#problems.push({ position: current.start, message: `Syntax error: extraneous input '${escapeBlanks(current.text)}' expecting ${describeKinds(expected)}` });
    this.#index++;
  }

  #mismatch(expected: ReadonlySet<TokenKind>): SyntaxFailure {
    const { current } = this;
    return new SyntaxFailure({ position: current.start, message: `Syntax error: mismatched input '${escapeBlanks(current.text)}' expecting ${describeKinds(expected)}` });
  }
}

import type { Problem } from './problems.ts';
import { describeKinds, escapeBlanks, type Token, type TokenKind } from './tokens.ts';

/** Reading cannot go on within a rule. */
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
 * Tokens with one of lookahead, and ANTLR's default error strategy: one token too many is skipped, one missing is taken as read, and after anything
 * worse reading goes on where a rule that is being read may go on. Until a token fits again, nothing further is told.
 */
export class TokenStream {
  readonly #tokens: readonly Token[];
  readonly #problems: Problem[];
  readonly #closings: TokenKind[] = [];
  #index = 0;
  #isRecovering = false;
  #lastErrorIndex = -1;

  constructor(tokens: readonly Token[], problems: Problem[]) {
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
    this.#isRecovering = false;
    return token;
  }

  /** Whether the token after the current one is one of these. */
  isNext(...kinds: readonly TokenKind[]): boolean {
    return kinds.includes(this.#next.kind);
  }

  /** Tells what is wrong and moves to a token that may follow one of the rules being read. */
  recover({ problem }: SyntaxFailure, follow: ReadonlySet<TokenKind>): void {
    if (!this.#isRecovering) this.#problems.push(problem);
    this.#isRecovering = true;
    if (this.#lastErrorIndex === this.#index && this.current.kind !== '<EOF>') this.#index++;
    this.#lastErrorIndex = this.#index;
    while (this.current.kind !== '<EOF>' && !follow.has(this.current.kind)) this.#index++;
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
    if (this.#isRecovering || kinds.includes(this.current.kind)) return;
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
    if (!this.#isRecovering) this.#problems.push({ position: token.start, message: `Syntax error: missing ${describeKinds(expected)} at '${escapeBlanks(token.text)}'` });
    this.#isRecovering = true;
    return { ...token, kind, text: kind };
  }

  /** Nothing that the grammar has begins with the current token, or with it and the next. */
  noViableAlternative(length: 1 | 2): SyntaxFailure {
    const last = length === 1 ? this.current : this.#next;
    const text = this.current.kind === '<EOF>' ? '<EOF>' : this.#textBetween(this.current, last);
    const reserved = RESERVED_MEMBER.exec(text)?.[1];
    const message = reserved === undefined ? `no viable alternative at input '${escapeBlanks(text)}'` : `mismatched input '${reserved}' expecting IDENTIFIER`;
    return new SyntaxFailure({ position: last.start, message: `Syntax error: ${message}` });
  }

  /** With blanks, without what was no token. */
  #textBetween(from: Token, to: Token): string {
    const tokens = this.#tokens.slice(this.#tokens.indexOf(from), this.#tokens.indexOf(to) + 1);
    return tokens.map(({ blanks, text, kind }, index) => (index === 0 ? '' : blanks) + (kind === '<EOF>' ? '' : text)).join('');
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
    if (!this.#isRecovering) this.#problems.push({ position: current.start, message: `Syntax error: extraneous input '${escapeBlanks(current.text)}' expecting ${describeKinds(expected)}` });
    this.#index++;
    this.#isRecovering = false;
  }

  #mismatch(expected: ReadonlySet<TokenKind>): SyntaxFailure {
    const { current } = this;
    return new SyntaxFailure({ position: current.start, message: `Syntax error: mismatched input '${escapeBlanks(current.text)}' expecting ${describeKinds(expected)}` });
  }
}

import type { Problem } from './problems.ts';

/** Token kinds are written as cel-go's messages write them. */
export type TokenKind = Operator | 'NUM_FLOAT' | 'NUM_INT' | 'NUM_UINT' | 'STRING' | 'BYTES' | 'IDENTIFIER' | 'ESC_IDENTIFIER' | '<EOF>';
type Operator = (typeof OPERATORS)[number];

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Blanks and comments before it; what was no token is not in it. */
  readonly blanks: string;
}

/** In the order of the grammar, which is the order in which messages list them. */
const OPERATORS = [
  '==', '!=', 'in', '<', '<=', '>=', '>', '&&', '||', '[', ']', '{', '}', '(', ')', '.', ',', '-', '!', '?', ':', '+', '*', '/', '%', 'true', 'false', 'null',
] as const;
export const TOKEN_ORDER: readonly TokenKind[] = [...OPERATORS, 'NUM_FLOAT', 'NUM_INT', 'NUM_UINT', 'STRING', 'BYTES', 'IDENTIFIER', 'ESC_IDENTIFIER', '<EOF>'];
const WORDS: ReadonlySet<string> = new Set(['in', 'true', 'false', 'null']);

const ESCAPE = String.raw`\\(?:[abfnrtv"'\\?\x60]|[xX][\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-3][0-7][0-7])`;
const HIDDEN = /(?:[\t \r\n\f]+|\/\/[^\n]*)+/y;
const STRINGS: readonly RegExp[] = [
  new RegExp(String.raw`[bB]?"""(?:${ESCAPE}|[^\\])*?"""`, 'y'),
  new RegExp(String.raw`[bB]?'''(?:${ESCAPE}|[^\\])*?'''`, 'y'),
  /[bB]?[rR]"""[\s\S]*?"""/y,
  /[bB]?[rR]'''[\s\S]*?'''/y,
  new RegExp(String.raw`[bB]?"(?:${ESCAPE}|[^\\"\n\r])*"`, 'y'),
  new RegExp(String.raw`[bB]?'(?:${ESCAPE}|[^\\'\n\r])*'`, 'y'),
  /[bB]?[rR]"[^"\n\r]*"/y,
  /[bB]?[rR]'[^'\n\r]*'/y,
];
const NUMBERS: readonly (readonly [TokenKind, RegExp])[] = [
  ['NUM_UINT', /(?:0x[\da-fA-F]+|\d+)[uU]/y],
  ['NUM_FLOAT', /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)/y],
  ['NUM_INT', /0x[\da-fA-F]+|\d+/y],
];
const IDENTIFIER = /[A-Za-z_]\w*/y;
const ESCAPED_IDENTIFIER = /`[A-Za-z\d_.\-/ ]+`/y;
const SIGN = /==|!=|<=|>=|&&|\|\||[<>[\]{}().,\-!?:+*/%]/y;
/** The beginning of a token that never ends well: what the message quotes. */
const HALF_ESCAPE = String.raw`(?:\\(?:[xX][\da-fA-F]?|u[\da-fA-F]{0,3}|U[\da-fA-F]{0,7}|[0-3][0-7]?)?)?`;
const BROKEN = new RegExp(String.raw`[bB]?[rR]?(?:"(?:${ESCAPE}|[^\\"\n\r])*|'(?:${ESCAPE}|[^\\'\n\r])*)${HALF_ESCAPE}[\s\S]?|[=&|][\s\S]?|[\s\S]`, 'yu');

/** Tokens without blanks and comments, the end included. What no token matches is a problem, and skipped. */
export function tokenize(source: string, problems: Problem[]): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let blanks = '';
  for (;;) {
    const hidden = matchAt(HIDDEN, source, at) ?? '';
    blanks += hidden;
    at += hidden.length;
    if (at >= source.length) break;
    const token = tokenAt(source, at);
    if (token) {
      tokens.push({ ...token, blanks });
      blanks = '';
      at = token.end;
    } else {
      const text = matchAt(BROKEN, source, at) ?? source[at] ?? '';
      problems.push({ position: at, message: `Syntax error: token recognition error at: '${text}'` });
      at += text.length;
    }
  }
  tokens.push({ kind: '<EOF>', text: '<EOF>', start: source.length, end: source.length, blanks });
  return tokens;
}

function tokenAt(source: string, start: number): Omit<Token, 'blanks'> | undefined {
  const made = (kind: TokenKind, text: string): Omit<Token, 'blanks'> => ({ kind, text, start, end: start + text.length });
  for (const pattern of STRINGS) {
    const text = matchAt(pattern, source, start);
    if (text !== undefined) return made(/^[bB]/.test(text) ? 'BYTES' : 'STRING', text);
  }
  for (const [kind, pattern] of NUMBERS) {
    const text = matchAt(pattern, source, start);
    if (text !== undefined) return made(kind, text);
  }
  const word = matchAt(IDENTIFIER, source, start);
  if (word !== undefined) return made(WORDS.has(word) ? (word as TokenKind) : 'IDENTIFIER', word);
  const escaped = matchAt(ESCAPED_IDENTIFIER, source, start);
  if (escaped !== undefined) return made('ESC_IDENTIFIER', escaped);
  const sign = matchAt(SIGN, source, start);
  return sign === undefined ? undefined : made(sign as TokenKind, sign);
}

function matchAt(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

export function escapeBlanks(text: string): string {
  return text.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
}

/** `'x'`, or `{'a', 'b', IDENTIFIER}`. */
export function describeKinds(kinds: ReadonlySet<TokenKind>): string {
  const names = TOKEN_ORDER.filter((kind) => kinds.has(kind)).map((kind) => (/^[A-Z<_]+>?$/.test(kind) && kind.length > 2 ? kind : `'${kind}'`));
  return names.length === 1 ? (names[0] ?? '') : `{${names.join(', ')}}`;
}

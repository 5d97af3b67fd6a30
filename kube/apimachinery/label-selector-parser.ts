import { formatFieldError } from './field-error.ts';
import {
  labelKeyErrors,
  newRequirement,
  SelectorError,
  sortRequirements,
  type LabelOperator,
  type Requirement,
} from './label-selector.ts';

/**
 * The text form of label selectors: `env in (a,b),tier!=web,!old,size>3`. Messages are upstream's.
 * A keyword (`in`, `notin`) is a plain name wherever a key or value may stand.
 */
export function parseLabelSelector(selector: string): Requirement[] {
  return sortRequirements(new Parser(scan(selector)).parse());
}

type TokenType = 'identifier' | 'end' | 'error' | 'in' | 'notin' | ')' | '(' | ',' | '!' | '==' | '=' | '>' | '<' | '!=';
interface Token {
  readonly type: TokenType;
  readonly text: string;
}

const SYMBOLS = ['!=', '==', ')', '(', ',', '!', '=', '>', '<'] as const;
const BINARY_OPERATORS = ['in', 'notin', '=', '==', '!=', 'gt', 'lt'];

function scan(selector: string): Token[] {
  const tokens: Token[] = [];
  let rest = selector.split('\0', 1)[0] ?? '';
  for (;;) {
    rest = rest.replace(/^[ \t\r\n]+/, '');
    if (rest === '') break;
    const symbol = SYMBOLS.find((candidate) => rest.startsWith(candidate));
    const text = symbol ?? /^[^=!(),<> \t\r\n]+/.exec(rest)?.[0] ?? '';
    tokens.push({ type: symbol ?? (text === 'in' || text === 'notin' ? text : 'identifier'), text });
    rest = rest.slice(text.length);
  }
  return [...tokens, { type: 'end', text: '' }];
}

class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    for (;;) {
      const { type, text } = this.#peek();
      if (type === 'end') return requirements;
      if (type !== 'identifier' && type !== '!') {
        throw new SelectorError(`found '${text}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#requirement());
      const separator = this.#take();
      if (separator.type === 'end') return requirements;
      if (separator.type !== ',') throw new SelectorError(`found '${separator.text}', expected: ',' or 'end of string'`);
      const next = this.#peek();
      if (next.type !== 'identifier' && next.type !== '!') {
        throw new SelectorError(`found '${next.text}', expected: identifier after ','`);
      }
    }
  }

  #requirement(): Requirement {
    try {
      return this.#parseRequirement();
    } catch (error) {
      if (error instanceof SelectorError) throw new SelectorError(`unable to parse requirement: ${error.message}`, { cause: error });
      throw error;
    }
  }

  #parseRequirement(): Requirement {
    const negated = this.#peek().type === '!';
    if (negated) this.#take();
    const key = this.#take();
    if (key.type !== 'identifier') throw new SelectorError(`found '${key.text}', expected: identifier`);
    const [keyError] = labelKeyErrors(key.text, '');
    if (keyError !== undefined) throw new SelectorError(formatFieldError(keyError));
    const next = this.#peek().type;
    // Upstream reads an operator after `!key`, too, and then forgets the negation.
    if (next === 'end' || next === ',') return newRequirement(key.text, negated ? '!' : 'exists', []);
    if (negated) return newRequirement(key.text, '!', []);
    const operator = this.#operator();
    const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#exactValue()];
    return newRequirement(key.text, operator, values);
  }

  #operator(): LabelOperator {
    const { type, text } = this.#take({ keywords: true });
    switch (type) {
      case 'in':
      case 'notin':
      case '=':
      case '==':
      case '!=':
        return type;
      case '>':
        return 'gt';
      case '<':
        return 'lt';
      default:
        throw new SelectorError(`found '${text}', expected: ${BINARY_OPERATORS.join(', ')}`);
    }
  }

  #values(): string[] {
    const open = this.#take();
    if (open.type !== '(') throw new SelectorError(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.type === ')') {
      this.#take();
      return [''];
    }
    if (first.type !== 'identifier' && first.type !== ',') {
      throw new SelectorError(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = this.#identifierList();
    if (this.#take().type !== ')') throw new SelectorError(`found '${first.text}', expected: ')'`);
    return [...values].toSorted();
  }

  /** Commas with nothing between them stand for the empty value. */
  #identifierList(): Set<string> {
    const values = new Set<string>();
    for (;;) {
      const token = this.#take();
      if (token.type === 'identifier') {
        values.add(token.text);
        const next = this.#peek();
        if (next.type === ')') return values;
        if (next.type !== ',') throw new SelectorError(`found '${next.text}', expected: ',' or ')'`);
      } else if (token.type === ',') {
        if (values.size === 0) values.add('');
        const next = this.#peek().type;
        if (next === ')') return values.add('');
        if (next === ',') {
          this.#take();
          values.add('');
        }
      } else {
        throw new SelectorError(`found '${token.text}', expected: ',', or identifier`);
      }
    }
  }

  #exactValue(): string {
    const next = this.#peek().type;
    if (next === 'end' || next === ',') return '';
    const { type, text } = this.#take();
    if (type !== 'identifier') throw new SelectorError(`found '${text}', expected: identifier`);
    return text;
  }

  #peek(options: { readonly keywords: boolean } = { keywords: false }): Token {
    const token = this.#tokens[Math.min(this.#position, this.#tokens.length - 1)] ?? { type: 'end', text: '' };
    if (!options.keywords && (token.type === 'in' || token.type === 'notin')) return { type: 'identifier', text: token.text };
    return token;
  }

  #take(options?: { readonly keywords: boolean }): Token {
    const token = this.#peek(options);
    this.#position += 1;
    return token;
  }
}

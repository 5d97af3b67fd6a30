import { setMember } from './json.ts';

/**
 * Parses JSON as Go's encoding/json does, with its error texts, and notes repeated members (which the last one wins).
 * For bodies of clients, whose errors they see; everything of our own goes through JSON.parse.
 */
export class GoJsonError extends Error {
  override readonly name = 'GoJsonError';
}

export interface ParsedJson {
  readonly value: unknown;
  /** Paths of repeated members, `metadata.labels`, in order of appearance. */
  readonly duplicates: readonly string[];
}

/** Go refuses deeper nesting. */
const MAX_DEPTH = 10_000;

export function parseGoJson(text: string): ParsedJson {
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  #position = 0;
  #depth = 0;
  readonly #duplicates: string[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  parse(): ParsedJson {
    const value = this.#value('');
    this.#blank();
    if (this.#position < this.#text.length) this.#fail('after top-level value');
    return { value, duplicates: this.#duplicates };
  }

  #value(path: string): unknown {
    this.#blank();
    const char = this.#text[this.#position];
    if (char === '{') return this.#nested(() => this.#object(path));
    if (char === '[') return this.#nested(() => this.#list(path));
    if (char === '"') return this.#string();
    if (char === 't') return this.#literal('true', true);
    if (char === 'f') return this.#literal('false', false);
    if (char === 'n') return this.#literal('null', null);
    if (char !== undefined && /[-0-9]/.test(char)) return this.#number();
    return this.#fail('looking for beginning of value');
  }

  #nested<T>(parse: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new GoJsonError('exceeded max depth');
    const value = parse();
    this.#depth -= 1;
    return value;
  }

  #object(path: string): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#position += 1;
    this.#blank();
    if (this.#skip('}')) return object;
    for (;;) {
      this.#blank();
      if (this.#text[this.#position] !== '"') this.#fail('looking for beginning of object key string');
      const key = this.#string();
      this.#blank();
      if (!this.#skip(':')) this.#fail('after object key');
      const memberPath = path === '' ? key : `${path}.${key}`;
      if (Object.hasOwn(object, key)) this.#duplicates.push(memberPath);
      setMember(object, key, this.#value(memberPath));
      this.#blank();
      if (this.#skip('}')) return object;
      if (!this.#skip(',')) this.#fail('after object key:value pair');
    }
  }

  #list(path: string): unknown[] {
    const list: unknown[] = [];
    this.#position += 1;
    this.#blank();
    if (this.#skip(']')) return list;
    for (;;) {
      list.push(this.#value(`${path}[${list.length}]`));
      this.#blank();
      if (this.#skip(']')) return list;
      if (!this.#skip(',')) this.#fail('after array element');
    }
  }

  #string(): string {
    const start = this.#position;
    this.#position += 1;
    for (;;) {
      const char = this.#text[this.#position];
      if (char === undefined || char < ' ') this.#fail('in string literal');
      this.#position += 1;
      if (char === '"') return JSON.parse(this.#text.slice(start, this.#position)) as string;
      if (char === '\\') this.#escape();
    }
  }

  #escape(): void {
    const char = this.#text[this.#position];
    if (char === undefined || !'"\\/bfnrtu'.includes(char)) this.#fail('in string escape code');
    this.#position += 1;
    if (char !== 'u') return;
    for (let digit = 0; digit < 4; digit += 1) {
      const hex = this.#text[this.#position];
      if (hex === undefined || !/[0-9a-fA-F]/.test(hex)) this.#fail('in \\u hexadecimal character escape');
      this.#position += 1;
    }
  }

  #number(): number {
    const start = this.#position;
    this.#skip('-');
    if (!this.#skip('0') && !this.#digits()) this.#fail('in numeric literal');
    if (this.#skip('.') && !this.#digits()) this.#fail('after decimal point in numeric literal');
    if (this.#skip('e') || this.#skip('E')) {
      if (!this.#skip('+')) this.#skip('-');
      if (!this.#digits()) this.#fail('in exponent of numeric literal');
    }
    return Number(this.#text.slice(start, this.#position));
  }

  #digits(): boolean {
    const start = this.#position;
    while (/[0-9]/.test(this.#text[this.#position] ?? '')) this.#position += 1;
    return this.#position > start;
  }

  #literal<T>(word: string, value: T): T {
    for (let index = 1; index <= word.length; index += 1) {
      if (this.#text[this.#position] !== word[index - 1]) this.#fail(`in literal ${word} (expecting '${word[index - 1]}')`);
      this.#position += 1;
    }
    return value;
  }

  #skip(char: string): boolean {
    if (this.#text[this.#position] !== char) return false;
    this.#position += 1;
    return true;
  }

  #blank(): void {
    while (' \t\r\n'.includes(this.#text[this.#position] ?? '-')) this.#position += 1;
  }

  #fail(context: string): never {
    const code = this.#text.codePointAt(this.#position);
    if (code === undefined) throw new GoJsonError('unexpected end of JSON input');
    throw new GoJsonError(`invalid character ${quoteChar(String.fromCodePoint(code))} ${context}`);
  }
}

function quoteChar(char: string): string {
  if (char === "'") return "'\\''";
  if (char === '"') return `'"'`;
  const code = char.charCodeAt(0);
  const named: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r', '\\': '\\\\', '\b': '\\b', '\f': '\\f' };
  if (named[char] !== undefined) return `'${named[char]}'`;
  if (code < 0x20 || code === 0x7f) return `'\\x${code.toString(16).padStart(2, '0')}'`;
  // encoding/json looks at bytes: of a longer character it names the first.
  const first = new TextEncoder().encode(char)[0] ?? 0;
  return `'${String.fromCharCode(first)}'`;
}

/** What Go calls a decoded value in `cannot unmarshal … into Go value`. */
export function goJsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return value === null ? 'null' : typeof value;
}

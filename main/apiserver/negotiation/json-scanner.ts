import { GoDecodeError } from '../../../kube/api/go-json-error.ts';
import { goQuote } from '../../../kube/apimachinery/go-format.ts';
import { maxNesting } from '../../../kube/apimachinery/json.ts';
import { isTellingNumber } from '../../../kube/apimachinery/number-literal.ts';
import type { ObjectSchema } from '../../../kube/api/schema.ts';
import { FREE, itemShape, memberShape, OPAQUE, type StrictShape, structShape } from './strict-shape.ts';

/**
 * Checks JSON text the way Go's encoding/json does, for its error texts, and finds what JSON.parse hides: members that
 * appear twice. JSON.parse then builds the values. Iterative, so that deep nesting cannot exhaust the stack.
 */
export interface JsonScan {
  /** Paths of repeated members in the order met: `metadata.name`, `spec.containers[0].image`. */
  readonly duplicates: readonly string[];
  /** Whether there is a number whose text says more than its value. */
  readonly hasTellingNumbers: boolean;
}

/** As many repeated and unknown fields of one document are told as upstream's strict decoder keeps. */
export const MAX_STRICT_ERRORS = 100;

interface Problem {
  readonly what: 'duplicate' | 'unknown';
  readonly path: string;
}

interface Frame {
  readonly isObject: boolean;
  readonly shape: StrictShape;
  readonly keys: Set<string> | undefined;
  /** Those of the keys that are reported. */
  repeated?: Set<string>;
  key: string;
  index: number;
}

/** What may come next. */
type Expect = 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'commaOrEnd' | 'nothing';

class Scanner {
  readonly #text: string;
  readonly #isBytes: boolean;
  readonly #stack: Frame[] = [];
  readonly #problems: Problem[] = [];
  #at = 0;
  #hasTellingNumbers = false;
  #expect: Expect = 'value';
  /** Of the value that comes next. */
  #shape: StrictShape;

  constructor(text: string, shape: StrictShape, isBytes = false) {
    this.#text = text;
    this.#isBytes = isBytes;
    this.#shape = shape;
  }

  get hasTellingNumbers(): boolean {
    return this.#hasTellingNumbers;
  }

  scan(): readonly Problem[] {
    for (;;) {
      const code = this.#skipSpace();
      if (Number.isNaN(code)) {
        if (this.#expect === 'nothing') return this.#problems;
        throw new GoDecodeError('unexpected end of JSON input');
      }
      this.#step(code);
    }
  }

  #skipSpace(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
      this.#at += 1;
    }
  }

  #step(code: number): void {
    switch (this.#expect) {
      case 'value':
        return this.#value(code);
      case 'valueOrEnd':
        return code === 0x5d ? this.#close() : this.#value(code);
      case 'keyOrEnd':
      case 'key':
        if (code === 0x7d && this.#expect === 'keyOrEnd') return this.#close();
        if (code !== 0x22) throw this.#unexpected('looking for beginning of object key string');
        return this.#key();
      case 'colon':
        if (code !== 0x3a) throw this.#unexpected('after object key');
        this.#at += 1;
        this.#expect = 'value';
        return;
      case 'commaOrEnd':
        return this.#commaOrEnd(code);
      case 'nothing':
        throw this.#unexpected('after top-level value');
    }
  }

  #commaOrEnd(code: number): void {
    const frame = this.#stack.at(-1);
    if (code === (frame?.isObject ? 0x7d : 0x5d)) return this.#close();
    if (code !== 0x2c) throw this.#unexpected(frame?.isObject ? 'after object key:value pair' : 'after array element');
    this.#at += 1;
    if (frame) {
      frame.index += 1;
      if (!frame.isObject) this.#shape = itemShape(frame.shape);
    }
    this.#expect = frame?.isObject ? 'key' : 'value';
  }

  #value(code: number): void {
    if (code === 0x7b || code === 0x5b) return this.#open(code === 0x7b);
    if (code === 0x22) this.#string();
    else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) this.#number();
    else if (code === 0x74) this.#literal('true');
    else if (code === 0x66) this.#literal('false');
    else if (code === 0x6e) this.#literal('null');
    else throw this.#unexpected('looking for beginning of value');
    this.#expect = this.#stack.length === 0 ? 'nothing' : 'commaOrEnd';
  }

  #open(isObject: boolean): void {
    if (this.#stack.length >= maxNesting) throw this.#unexpected('exceeded max depth');
    this.#stack.push({ isObject, shape: this.#shape, keys: isObject ? new Set() : undefined, key: '', index: 0 });
    if (!isObject) this.#shape = itemShape(this.#shape);
    this.#at += 1;
    this.#expect = isObject ? 'keyOrEnd' : 'valueOrEnd';
  }

  #close(): void {
    this.#stack.pop();
    this.#at += 1;
    this.#expect = this.#stack.length === 0 ? 'nothing' : 'commaOrEnd';
  }

  #key(): void {
    const start = this.#at;
    const isPlain = this.#string();
    const raw = this.#text.slice(start, this.#at);
    const key = isPlain ? raw.slice(1, -1) : (JSON.parse(raw) as string);
    const frame = this.#stack.at(-1);
    if (frame) {
      frame.key = key;
      this.#member(frame);
      frame.keys?.add(key);
    }
    this.#expect = 'colon';
  }

  #member(frame: Frame): void {
    const shape = memberShape(frame.shape, frame.key);
    const isRepeated = frame.keys?.has(frame.key) === true;
    if (shape === undefined && !isRepeated) this.#addProblem('unknown', frame);
    if (shape !== undefined && isRepeated && frame.shape.kind !== 'opaque') this.#addProblem('duplicate', frame);
    this.#shape = shape ?? OPAQUE;
  }

  /** A text can repeat one key a million times, a thousand levels deep: its path is made once. */
  #addProblem(what: Problem['what'], at: Frame): void {
    if (this.#problems.length >= MAX_STRICT_ERRORS || at.repeated?.has(at.key)) return;
    (at.repeated ??= new Set()).add(at.key);
    const path = this.#stack.reduce(
      (text, frame) => (frame.isObject ? (text === '' ? frame.key : `${text}.${frame.key}`) : `${text}[${frame.index}]`),
      '',
    );
    if (!this.#problems.some((problem) => problem.what === what && problem.path === path)) this.#problems.push({ what, path });
  }

  /** Returns whether the string has no escapes. */
  #string(): boolean {
    let isPlain = true;
    for (this.#at += 1; ; this.#at += 1) {
      const code = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(code)) throw new GoDecodeError('unexpected end of JSON input');
      if (code === 0x22) break;
      if (code < 0x20) throw this.#unexpected('in string literal');
      if (code !== 0x5c) continue;
      isPlain = false;
      this.#at += 1;
      this.#escape();
    }
    this.#at += 1;
    return isPlain;
  }

  #escape(): void {
    const char = this.#text.charAt(this.#at);
    if (char === '') throw new GoDecodeError('unexpected end of JSON input');
    if (!'"\\/bfnrtu'.includes(char)) throw this.#unexpected('in string escape code');
    const digits = char === 'u' ? 4 : 0;
    for (let digit = 0; digit < digits; digit += 1) {
      this.#at += 1;
      if (this.#at >= this.#text.length) throw new GoDecodeError('unexpected end of JSON input');
      if (!/[0-9a-fA-F]/.test(this.#text.charAt(this.#at))) throw this.#unexpected('in \\u hexadecimal character escape');
    }
  }

  #number(): void {
    const start = this.#at;
    if (this.#text.charAt(this.#at) === '-') this.#at += 1;
    if (this.#text.charAt(this.#at) === '0') this.#at += 1;
    else this.#digits('in numeric literal');
    if (this.#text.charAt(this.#at) === '.') {
      this.#at += 1;
      this.#digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.#text.charAt(this.#at))) {
      this.#at += 1;
      if (/[-+]/.test(this.#text.charAt(this.#at))) this.#at += 1;
      this.#digits('in exponent of numeric literal');
    }
    if (!this.#hasTellingNumbers) this.#hasTellingNumbers = isTellingNumber(this.#text.slice(start, this.#at));
  }

  /** At least one. */
  #digits(where: string): void {
    const start = this.#at;
    while (this.#text.charCodeAt(this.#at) >= 0x30 && this.#text.charCodeAt(this.#at) <= 0x39) this.#at += 1;
    if (this.#at > start) return;
    if (this.#at >= this.#text.length) throw new GoDecodeError('unexpected end of JSON input');
    throw this.#unexpected(where);
  }

  #literal(word: string): void {
    for (let index = 1; index < word.length; index += 1) {
      this.#at += 1;
      if (this.#at >= this.#text.length) throw new GoDecodeError('unexpected end of JSON input');
      if (this.#text.charAt(this.#at) !== word.charAt(index)) {
        throw this.#unexpected(`in literal ${word} (expecting '${word.charAt(index)}')`);
      }
    }
    this.#at += 1;
  }

  #unexpected(where: string): GoDecodeError {
    return new GoDecodeError(`invalid character ${this.#isBytes && this.#text.charCodeAt(this.#at) >= 0x80 ? `'${this.#text.charAt(this.#at)}'` : quoteByte(this.#text, this.#at)} ${where}`);
  }
}

/** Go scans bytes: a character outside ASCII is named by its first one. */
function quoteByte(text: string, at: number): string {
  const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (char === "'") return `'\\''`;
  if (char === '"') return `'"'`;
  const byte = new TextEncoder().encode(char)[0] ?? 0;
  if (byte >= 0x80) return `'${String.fromCharCode(byte)}'`;
  const quoted = JSON.stringify(char).slice(1, -1);
  return byte < 0x20 && quoted.startsWith('\\u') ? `'\\x${byte.toString(16).padStart(2, '0')}'` : `'${quoted}'`;
}

/** Throws GoDecodeError when the text is not JSON, with encoding/json's text. `isBytes`: the text has a character for each byte (latin1). */
export function scanJson(text: string, { isBytes = false }: { readonly isBytes?: boolean } = {}): JsonScan {
  const scanner = new Scanner(text, FREE, isBytes);
  const duplicates = scanner.scan().map(({ path }) => path);
  return { duplicates, hasTellingNumbers: scanner.hasTellingNumbers };
}

/** Unknown and repeated fields of an object of that schema, in the order in which Go's strict decoder meets them. */
export function scanStrict(text: string, schema: ObjectSchema): readonly string[] {
  return new Scanner(text, structShape(schema)).scan().map(({ what, path }) => `${what} field ${goQuote(path)}`);
}

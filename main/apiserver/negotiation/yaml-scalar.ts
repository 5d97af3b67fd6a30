/** How go-yaml writes one string: plain, quoted or as a block, folded after 80 columns. Follows its emitter's rules, which are libyaml's. */
export interface ScalarPlace {
  /** Column that the scalar starts in. */
  readonly column: number;
  /** Of continuation lines. */
  readonly indent: number;
  /** Keys are never folded. */
  readonly isKey: boolean;
}

const WIDTH = 80;

const WORDS = new Set(['', '~', '<<']);
for (const word of ['null', 'true', 'false', 'yes', 'no', 'on', 'off', '.inf', '.nan', '+.inf', '-.inf']) {
  for (const form of [word, word.toUpperCase(), word.replace(/[a-z]/, (letter) => letter.toUpperCase())]) WORDS.add(form);
}
for (const letter of ['y', 'Y', 'n', 'N', '.NaN']) WORDS.add(letter);

const NUMBER = /^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const PREFIXED = /^[-+]?0(?:x[0-9a-fA-F_]+|b[01_]+|o?[0-7_]+)$/;
const BASE60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const TIMESTAMP = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|\s+)[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})?)?$/;

/** Whether the text would be read as something else than a string. */
function isAmbiguous(text: string): boolean {
  return WORDS.has(text) || NUMBER.test(text) || PREFIXED.test(text) || BASE60.test(text) || TIMESTAMP.test(text);
}

const SPECIAL = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;

function allowsPlain(text: string): boolean {
  if (/^(?:---|\.\.\.)/.test(text) || /^[#,[\]{}&*!|>'"%@`]/.test(text) || /^[?:-](?:\s|$)/.test(text)) return false;
  return !/:(?:\s|$)/.test(text) && !/\s#/.test(text) && !/^\s|\s$/.test(text) && !SPECIAL.test(text) && !text.includes('\t');
}

/** Line breaks that a reader would take for a line feed or fold away. */
const OTHER_BREAK = /[\r\x85\u2028\u2029]/;

export function yamlScalar(text: string, place: ScalarPlace): string {
  if (OTHER_BREAK.test(text)) return doubleQuoted(text, place);
  if (text.includes('\n') && !place.isKey) return allowsBlock(text) ? literal(text, place) : doubleQuoted(text, place);
  if (isAmbiguous(text) || SPECIAL.test(text) || text.includes('\n')) return doubleQuoted(text, place);
  return allowsPlain(text) ? folded(text, place) : singleQuoted(text, place);
}

function allowsBlock(text: string): boolean {
  return !SPECIAL.test(text) && !text.endsWith(' ') && !text.includes('\r');
}

/** Breaks at single spaces once the line is longer than the width. */
function folded(text: string, { column, indent, isKey }: ScalarPlace, last = text.length): string {
  if (isKey) return text;
  let out = '';
  let width = column;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    const isBreak = char === ' ' && width > WIDTH && at > 0 && at < last - 1 && text[at - 1] !== ' ' && text[at + 1] !== ' ';
    out += isBreak ? `\n${' '.repeat(indent)}` : char;
    width = isBreak ? indent : width + 1;
  }
  return out;
}

function singleQuoted(text: string, place: ScalarPlace): string {
  return `'${folded(text.replaceAll("'", "''"), { ...place, column: place.column + 1 })}'`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0', '\u0007': '\\a', '\b': '\\b', '\t': '\\t', '\n': '\\n', '\v': '\\v', '\f': '\\f', '\r': '\\r', '\u001b': '\\e', '"': '\\"', '\\': '\\\\',
  '\u0085': '\\N', '\u00a0': '\\_', '\u2028': '\\L', '\u2029': '\\P',
};

function escaped(char: string): string {
  const known = ESCAPES[char];
  if (known !== undefined) return known;
  if (!SPECIAL.test(char)) return char;
  const code = char.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).toUpperCase().padStart(4, '0')}` : `\\U${code.toString(16).toUpperCase().padStart(8, '0')}`;
}

function doubleQuoted(text: string, { column, indent, isKey }: ScalarPlace): string {
  const chars = [...text];
  let out = '"';
  let width = column + 1;
  for (const [at, char] of chars.entries()) {
    const isBreak = char === ' ' && !isKey && width > WIDTH && at > 0 && at < chars.length - 1 && chars[at - 1] !== ' ';
    if (isBreak) {
      out += `\n${' '.repeat(indent)}${chars[at + 1] === ' ' ? '\\' : ''}`;
      width = indent;
    } else {
      const piece = escaped(char);
      out += piece;
      width += piece.length;
    }
  }
  return `${out}"`;
}

/** `|-` and the lines; the indentation is told when the text starts with space. */
function literal(text: string, { indent }: ScalarPlace): string {
  const chomping = !text.endsWith('\n') ? '-' : text === '\n' || text.endsWith('\n\n') ? '+' : '';
  const hint = /^[ \n]/.test(text) ? '2' : '';
  const lines = text.replace(/\n$/, '').split('\n').map((line) => (line === '' ? '' : ' '.repeat(indent) + line));
  return `|${hint}${chomping}\n${lines.join('\n')}`;
}

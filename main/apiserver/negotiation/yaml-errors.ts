import type { YAMLException } from 'js-yaml';
import { GoDecodeError } from '../../../kube/api/go-json-error.ts';
import { maxNesting } from '../../../kube/apimachinery/json.ts';

/**
 * What is wrong, and where. go-yaml names no line when it is the first; else its scanner counts from one, its parser from zero, and to the
 * parser the end of the stream is a line of its own.
 */
interface Problem {
  readonly text: string;
  /** From zero; absent: told without a line. */
  readonly line?: number;
  readonly by?: 'scanner' | 'parser';
}

/** What js-yaml has met, and the text from there on. */
interface Failure {
  readonly source: string;
  readonly position: number;
  readonly line: number;
  readonly rest: string;
}

const scanner = (text: string) => ({ line }: Failure): Problem => ({ text, line, by: 'scanner' });
const parser = (text: string) => ({ line }: Failure): Problem => ({ text, line, by: 'parser' });
const placeless = (text: string) => (): Problem => ({ text });

const NO_KEY = 'did not find expected key';
const NO_DASH = "did not find expected '-' indicator";
const NO_NODE = 'did not find expected node content';
const NO_TOKEN = 'found character that cannot start any token';
const NO_END = 'found unexpected end of stream';
const NO_VALUES = 'mapping values are not allowed in this context';

/** By what js-yaml says of it (its 5.x); the texts are those of go.yaml.in/yaml/v2 scannerc.go, parserc.go and decode.go. */
const RULES: readonly (readonly [RegExp, (failure: Failure) => Problem])[] = [
  [/^deficient indentation/, (failure) => (isInQuotes(failure) ? unendedText(failure) : unendedFlow(failure))],
  [/^unexpected end of the stream within a flow/, unendedFlow],
  [/^unexpected end of the stream/, unendedText],
  [/^bad indentation of a sequence entry/, (failure) => (isColon(failure) ? scanner(NO_VALUES) : parser(NO_DASH))(failure)],
  [/^bad indentation|nested mappings|mapping values/, misplaced],
  [/^missed comma/, (failure) => parser(`did not find expected ',' or '${openBracket(failure) === '{' ? '}' : ']'}'`)(failure)],
  [/^expected the node content/, parser(NO_NODE)],
  [/^a whitespace character is expected after the key-value separator/, parser(NO_KEY)],
  [/^end of the stream or a document separator is expected/, misplacedAtRoot],
  [/multiline key may not be an implicit key/, scanner("could not find expected ':'")],
  [/^a line break is expected/, scanner('did not find expected comment or line break')],
  [/^unknown escape sequence/, scanner('found unknown escape character')],
  [/^expected hexadecimal character/, scanner('did not find expected hexdecimal number')],
  [/^tab characters must not be used/, misplacedTab],
  [/^unidentified alias/, ({ rest }) => ({ text: `unknown anchor '${/^[^\s,[\]{}]*/.exec(rest)?.[0] ?? ''}' referenced` })],
  [/^the stream contains non-printable/, placeless('control characters are not allowed')],
  [/^cannot merge mappings/, placeless('map merge requires map or sequence of maps as the value')],
  [/^unacceptable YAML version/, placeless('found incompatible YAML document')],
  [/^cannot resolve a node with .* explicit tag/, ({ rest }) => {
    const [, tag = '', value = ''] = /^(!\S*)\s*([^\n]*)/.exec(rest) ?? [];
    return { text: `cannot decode !!str \`${value}\` as a ${tag}` };
  }],
];

/** go-yaml's words for it; js-yaml's where none are known. */
export function yamlError(error: YAMLException, source: string): GoDecodeError {
  if (error.reason.includes('maxDepth')) return new GoDecodeError(`yaml: exceeded max depth of ${maxNesting}`, { cause: error });
  const { position = 0, line = 0 } = error.mark ?? {};
  const rule = RULES.find(([pattern]) => pattern.test(error.reason))?.[1] ?? scanner(error.reason);
  const problem = rule({ source, position, line, rest: source.slice(position) });
  const place = problem.line === undefined || problem.line === 0 ? '' : `line ${problem.by === 'scanner' ? problem.line + 1 : problem.line}: `;
  return new GoDecodeError(`yaml: ${place}${problem.text}`, { cause: error });
}

/** A token where the block that it is in has no place for one. */
function misplaced(failure: Failure): Problem {
  const { rest, source, position } = failure;
  const before = source.slice(source.lastIndexOf('\n', position - 1) + 1, position);
  if (/^[ ]*\t/.test(before)) return scanner(NO_TOKEN)(failure);
  if (isColon(failure)) return scanner(NO_VALUES)(failure);
  if (/^[@`%]/.test(rest)) return scanner(NO_TOKEN)(failure);
  if (/^-\s/.test(rest)) return scanner('block sequence entries are not allowed in this context')(failure);
  const isFirstOfLine = before.trim() === '';
  if (isFirstOfLine && /^[\]}]/.test(rest)) return parser(NO_NODE)(failure);
  const lines = source.slice(0, position - before.length).split('\n');
  const sibling = lines.findLast((line) => line.trim() !== '' && line.search(/\S/) <= before.length) ?? '';
  return parser(isFirstOfLine && /^\s*-\s/.test(sibling) && sibling.search(/\S/) === before.length ? NO_DASH : NO_KEY)(failure);
}

/** After the end of the only value. */
function misplacedAtRoot(failure: Failure): Problem {
  if (/^[ ]*\t/.test(lineOf(failure))) return scanner(NO_TOKEN)(failure);
  if (/^[\]}]/.test(failure.rest)) return parser(NO_NODE)(failure);
  return (/^\s*-\s/.test(failure.source) ? parser(NO_DASH) : scanner(NO_VALUES))(failure);
}

function unendedText(failure: Failure): Problem {
  return scanner(NO_END)({ ...failure, line: lineCount(failure) - 1 });
}

/** A `[` or `{` that is never closed is missed at the next colon that has no key, or at the end. */
function unendedFlow(failure: Failure): Problem {
  const { source, position, line, rest } = failure;
  const close = openBracket(failure) === '{' ? '}' : ']';
  const colon = /[,[{]\s*$/.test(source.slice(0, position)) ? -1 : rest.search(/:(?:\s|$)/);
  if (colon >= 0) return { text: `did not find expected ',' or '${close}'`, line: line + rest.slice(0, colon).split('\n').length - 1 };
  return { text: /[,[{]\s*$/.test(source) ? NO_NODE : `did not find expected ',' or '${close}'`, line: lineCount(failure) };
}

function misplacedTab(failure: Failure): Problem {
  const { source, position } = failure;
  const previous = source.slice(0, source.lastIndexOf('\n', position - 1)).trimEnd().split('\n').at(-1) ?? '';
  if (/[|>][-+\d]*$/.test(previous)) return scanner('found a tab character where an indentation space is expected')(failure);
  return scanner(/[:-]$/.test(previous) ? NO_TOKEN : 'found a tab character that violates indentation')(failure);
}

function isColon({ rest }: Failure): boolean {
  return /^:(?:\s|$)/.test(rest);
}

function lineOf({ source, line }: Failure): string {
  return source.split('\n')[line] ?? '';
}

function lineCount({ source }: Pick<Failure, 'source'>): number {
  return source.endsWith('\n') ? source.split('\n').length - 1 : source.split('\n').length;
}

function isInQuotes(failure: Failure): boolean {
  return /["']/.test(openings(failure).at(-1) ?? '');
}

function openBracket(failure: Failure): string | undefined {
  return openings(failure).findLast((opening) => opening === '[' || opening === '{');
}

/** The brackets and quotes that are open at the position, outermost first. */
function openings({ source, position }: Failure): string[] {
  const open: string[] = [];
  let previous = '';
  for (const char of source.slice(0, position)) {
    const last = open.at(-1);
    if (last === '"' || last === "'") {
      if (char === last && !(last === '"' && previous === '\\')) open.pop();
    } else if (/["']/.test(char) && /^$|[\s,[{:]/.test(previous)) open.push(char);
    else if (char === '[' || char === '{') open.push(char);
    else if ((char === ']' && last === '[') || (char === '}' && last === '{')) open.pop();
    previous = char;
  }
  return open;
}

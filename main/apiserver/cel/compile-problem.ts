import type { ASTNode, EvaluationError, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import type { ExpressionSource } from './expression-source.ts';

export type CelError = ParseError | CelTypeError | EvaluationError;

const OPERAND_START = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
const OPERATOR = /^\s*([\-+*\/%]|==|!=|<=?|>=?|in\b)/v;

/** The library's complaint in cel-go's words, with cel-go's picture of the place. */
export function compilationProblem(error: CelError, { original, source, functions }: { readonly original: string; readonly source: ExpressionSource; readonly functions: ReadonlySet<string> }): string {
  const { position, message } = placed(error, { original, source, functions });
  return `compilation failed: ${pictured(original, source.originalPosition(position), message)}`;
}

function pictured(original: string, position: number, message: string): string {
  const before = original.slice(0, position).split('\n');
  const column = [...(before.at(-1) ?? '')].length;
  const line = original.split('\n')[before.length - 1] ?? '';
  return `ERROR: <input>:${before.length}:${column + 1}: ${message}\n | ${line}\n | ${'.'.repeat(column)}^`;
}

interface Placed {
  readonly position: number;
  readonly message: string;
}

function placed(error: CelError, { original, source, functions }: Parameters<typeof compilationProblem>[1]): Placed {
  const position = error.range?.start ?? 0;
  const { code, summary } = error;
  if (error.name === 'ParseError') return { position, message: `Syntax error: ${syntaxMessage(original, source.originalPosition(position), summary)}` };
  const node = error.node as ASTNode | undefined;
  if (code === 'unknown_variable') return { position, message: `undeclared reference to '${summary.replace(/^Unknown variable: /v, '')}' (in container '')` };
  if (code === 'no_such_overload') return operatorPlace(summary, node, source);
  if (code === 'no_matching_overload') return callPlace(summary, { node, source, functions, position });
  return { position, message: lowerFirst(summary) };
}

function operatorPlace(summary: string, node: ASTNode | undefined, source: ExpressionSource): Placed {
  const match = /^no such overload: (.+?) (\S+) (.+)$/v.exec(summary);
  const [left, right] = Array.isArray(node?.args) ? (node.args as readonly ASTNode[]) : [];
  if (!match || !left || !right) return { position: node?.start ?? 0, message: summary };
  const between = source.text.slice(left.end, right.start);
  const offset = OPERATOR.exec(between)?.[0].search(/\S/v) ?? 0;
  const operator = match[2] === 'in' ? '@in' : `_${match[2]}_`;
  return { position: left.end + offset, message: `found no matching overload for '${operator}' applied to '(${typeName(match[1])}, ${typeName(match[3])})'` };
}

/** `found no matching overload for 'string.bar(int)'` */
function callPlace(summary: string, { node, source, functions, position }: { readonly node: ASTNode | undefined; readonly source: ExpressionSource; readonly functions: ReadonlySet<string>; readonly position: number }): Placed {
  const match = /'(?:(.+)\.)?(\w+)\((.*)\)'$/v.exec(summary);
  const [, receiver, name = '', types = ''] = match ?? [];
  const from = node?.op === 'rcall' ? node.args[1].end : position;
  const paren = source.text.indexOf('(', from);
  const at = paren === -1 ? position : paren;
  if (!functions.has(name)) return { position: at, message: `undeclared reference to '${name}' (in container '')` };
  const applied = receiver === undefined ? `(${typeName(types)})` : `${typeName(receiver)}.(${typeName(types)})`;
  return { position: at, message: `found no matching overload for '${name}' applied to '${applied}'` };
}

function syntaxMessage(original: string, position: number, summary: string): string {
  const rest = original.slice(position).trim();
  const before = original.slice(0, position).trimEnd();
  if (before.endsWith('.')) return `no viable alternative at input '.${rest.slice(0, 1)}'`;
  if (rest !== '') return lowerFirst(summary);
  if (/\b(?:Object|JSONPatch)(?:\.\w+)*\s*\{$/v.test(before)) return "mismatched input '<EOF>' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}";
  return `mismatched input '<EOF>' expecting ${OPERAND_START}`;
}

export function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

/** `list<int>` as cel-go prints it: `list(int)`. */
export function typeName(type = 'dyn'): string {
  return type.replaceAll('<', '(').replaceAll('>', ')').replace(/^null$/v, 'null_type');
}

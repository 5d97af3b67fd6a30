/** What is wrong with an expression, with its offset in the source; -1 for the whole. */
export interface Problem {
  readonly position: number;
  readonly message: string;
}

/** More are only counted (upstream: cel-go common.NewErrors). */
const MAX_PROBLEMS = 100;
/** Longer lines are not shown. */
const MAX_SNIPPET = 16_384;

/** All problems in cel-go's words: `ERROR: <input>:1:5: message`, the line, and a caret below it. */
export function describeProblems(source: string, problems: readonly Problem[]): string {
  const sorted = problems.slice(0, MAX_PROBLEMS).toSorted((a, b) => a.position - b.position);
  const texts = sorted.map((problem) => describe(source, problem));
  if (problems.length > MAX_PROBLEMS) texts.push(`${problems.length - MAX_PROBLEMS} more errors were truncated`);
  return texts.join('\n');
}

function describe(source: string, { position, message }: Problem): string {
  if (position < 0) return `ERROR: <input>:-1:0: ${message}`;
  if (source === '') return `ERROR: <input>:1:0: ${message}`;
  const before = source.slice(0, position).split('\n');
  const column = [...(before.at(-1) ?? '')].length;
  const line = (source.split('\n')[before.length - 1] ?? '').replaceAll('\t', ' ');
  const title = `ERROR: <input>:${before.length}:${column + 1}: ${message}`;
  return line.length > MAX_SNIPPET ? title : `${title}\n | ${line}\n | ${pointer(line, column)}`;
}

/** Characters of more than one byte get wide dots. */
function pointer(line: string, column: number): string {
  const characters = [...line];
  const dots = characters.slice(0, column).map((character) => (isWide(character) ? '．' : '.'));
  return `${dots.join('')}${isWide(characters[column] ?? '') ? '＾' : '^'}`;
}

function isWide(character: string): boolean {
  return (character.codePointAt(0) ?? 0) > 0x7f;
}

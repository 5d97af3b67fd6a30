/** A CEL text as the parser behind the environment takes it, and the way back from its positions. */
export interface ExpressionSource {
  readonly text: string;
  /** Where in the original a position of `text` lies. */
  originalPosition(position: number): number;
}

interface Frame {
  readonly isMessage: boolean;
}

const TOKEN =
  /(?<blank>\s+|\/\/[^\n]*)|(?<string>[rRbB]{0,2}(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'))|(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<number>\d[\w.]*)|(?<sign>[\s\S])/gy;
/** Before the body of each comprehension: what makes long loops end. A ternary, since nothing binds more loosely. */
const TICK = { bool: '!costBudget.tick() ? false : ', any: '!costBudget.tick() ? dyn(null) : ' };
const LOOPS: Readonly<Record<string, keyof typeof TICK>> = { all: 'bool', exists: 'bool', exists_one: 'bool', filter: 'bool', map: 'any' };
/** The library's own versions of these are not upstream's (RE2 instead of JavaScript's regular expressions). */
const RENAMED: Readonly<Record<string, string>> = { matches: 'matchesRe2' };

interface Token {
  readonly kind: string;
  readonly text: string;
  readonly at: number;
}

/**
 * Three rewritings, all within the token stream: `Object{spec: Object.spec{replicas: 1}}` becomes a map literal (the parser knows no message
 * literals), `.matches(` becomes our function, and bodies of comprehensions are counted.
 */
export function rewriteExpression(original: string): ExpressionSource {
  const tokens = [...original.matchAll(TOKEN)].map((match): Token => {
    const kind = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined)?.[0] ?? 'sign';
    return { kind, text: match[0], at: match.index };
  });
  const significant = tokens.filter(({ kind }) => kind !== 'blank');
  const edits: { readonly at: number; readonly removed: number; readonly added: string }[] = [];
  const frames: Frame[] = [];
  for (let index = 0; index < significant.length; index++) {
    const token = significant[index] as Token;
    const brace = messageBrace(significant, index);
    if (brace !== undefined) {
      const end = (significant[brace] as Token).at;
      edits.push({ at: token.at, removed: end - token.at, added: '' });
      frames.push({ isMessage: true });
      index = brace;
      continue;
    }
    if ('([{'.includes(token.text)) frames.push({ isMessage: false });
    else if (')]}'.includes(token.text)) frames.pop();
    const previous = significant[index - 1]?.text ?? '';
    const next = significant[index + 1]?.text ?? '';
    if (token.kind !== 'word') continue;
    if (frames.at(-1)?.isMessage && (previous === '{' || previous === ',') && next === ':') edits.push({ at: token.at, removed: token.text.length, added: JSON.stringify(token.text) });
    if (previous !== '.' || next !== '(') continue;
    const renamed = RENAMED[token.text];
    if (renamed !== undefined) edits.push({ at: token.at, removed: token.text.length, added: renamed });
    const loop = Object.hasOwn(LOOPS, token.text) ? LOOPS[token.text] : undefined;
    const body = significant[index + 4];
    if (loop && significant[index + 2]?.kind === 'word' && significant[index + 3]?.text === ',' && body) edits.push({ at: body.at, removed: 0, added: TICK[loop] });
  }
  edits.sort((a, b) => a.at - b.at);
  return applied(original, edits);
}

/** The index of the `{` of a message literal that begins here. */
function messageBrace(tokens: readonly Token[], start: number): number | undefined {
  const first = tokens[start] as Token;
  if (first.kind !== 'word' || (first.text !== 'Object' && first.text !== 'JSONPatch') || tokens[start - 1]?.text === '.') return undefined;
  let index = start + 1;
  while (tokens[index]?.text === '.' && tokens[index + 1]?.kind === 'word') index += 2;
  return tokens[index]?.text === '{' ? index : undefined;
}

function applied(original: string, edits: readonly { readonly at: number; readonly removed: number; readonly added: string }[]): ExpressionSource {
  let text = '';
  let from = 0;
  const pieces: { readonly start: number; readonly original: number }[] = [{ start: 0, original: 0 }];
  for (const { at, removed, added } of edits) {
    text += original.slice(from, at);
    pieces.push({ start: text.length, original: at });
    text += added;
    from = at + removed;
    pieces.push({ start: text.length, original: from });
  }
  text += original.slice(from);
  return {
    text,
    originalPosition(position) {
      const index = pieces.findLastIndex((piece) => piece.start <= position);
      const piece = pieces[index] ?? { start: 0, original: 0 };
      const limit = pieces[index + 1]?.original ?? original.length;
      return Math.min(piece.original + position - piece.start, limit);
    },
  };
}

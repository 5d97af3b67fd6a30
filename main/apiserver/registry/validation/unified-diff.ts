/** Lines around a change that a unified diff shows. */
const CONTEXT_LINES = 3;
/** Beyond this the table of the exact algorithm would be too large; texts this long differ by a common middle anyway. */
const MAX_TABLE_CELLS = 4_000_000;

type Edit = { readonly mark: ' ' | '-' | '+'; readonly line: string };

/** A unified diff without file names, `` when equal; every line ends in a newline. */
export function unifiedDiff(before: string, after: string): string {
  if (before === after) return '';
  const edits = editScript(before.split('\n'), after.split('\n'));
  let out = '';
  for (const { start, end } of hunks(edits)) {
    const hunk = edits.slice(start, end);
    out += `@@ -${range(edits.slice(0, start), hunk, '+')} +${range(edits.slice(0, start), hunk, '-')} @@\n`;
    for (const { mark, line } of hunk) out += `${mark}${line}\n`;
  }
  return out;
}

function range(beforeHunk: readonly Edit[], hunk: readonly Edit[], otherSide: '-' | '+'): string {
  const first = beforeHunk.filter(({ mark }) => mark !== otherSide).length + 1;
  const length = hunk.filter(({ mark }) => mark !== otherSide).length;
  return length === 1 ? `${first}` : `${length === 0 ? first - 1 : first},${length}`;
}

function hunks(edits: readonly Edit[]): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  for (const [index, { mark }] of edits.entries()) {
    if (mark === ' ') continue;
    const last = found.at(-1);
    const start = Math.max(0, index - CONTEXT_LINES);
    const end = Math.min(edits.length, index + CONTEXT_LINES + 1);
    if (last !== undefined && start <= last.end) last.end = end;
    else found.push({ start, end });
  }
  return found;
}

/** Longest common subsequence between the common head and tail; removals come before additions. */
function editScript(before: readonly string[], after: readonly string[]): Edit[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const middle = editMiddle(before.slice(head, before.length - tail), after.slice(head, after.length - tail));
  const keep = (line: string): Edit => ({ mark: ' ', line });
  return [...before.slice(0, head).map(keep), ...middle, ...before.slice(before.length - tail).map(keep)];
}

function editMiddle(before: readonly string[], after: readonly string[]): Edit[] {
  const width = after.length + 1;
  if (before.length * after.length > MAX_TABLE_CELLS) {
    return [...before.map((line): Edit => ({ mark: '-', line })), ...after.map((line): Edit => ({ mark: '+', line }))];
  }
  const lengths = new Uint32Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        before[i] === after[j]
          ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
    }
  }
  const edits: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      edits.push({ mark: ' ', line: before[i] ?? '' });
      i++;
      j++;
    } else if (j >= after.length || (i < before.length && (lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0))) {
      edits.push({ mark: '-', line: before[i++] ?? '' });
    } else {
      edits.push({ mark: '+', line: after[j++] ?? '' });
    }
  }
  return edits;
}

/** Reads the doc comments of one TypeScript declaration of an npm package: the type's own and those of its members. */
export interface DeclarationComments {
  readonly type: string;
  /** By member name as declared. */
  readonly members: ReadonlyMap<string, string>;
  /** Members whose type is a union of string literals, or a list or a map of such, with the literals. */
  readonly literals: ReadonlyMap<string, readonly string[]>;
}

function commentText(lines: readonly string[]): string {
  return lines
    .map((line) => line.replace(/^\s*\*( |$)/, '').replace(/^\s*\*/, ''))
    .join('\n')
    .replace(/\\(['"*_`<>#~|\\])/g, '$1')
    .replace(/\*\u200b?\\?\//g, '*/')
    .trim()
    .replace(/\n@deprecated$/, '');
}

/** `"a"?: "x" | "y";` -> x, y */
function literalsOf(line: string): readonly string[] | undefined {
  const type = /:\s*(?:Array<)?((?:"[^"]*"\s*\|?\s*)+)>?;$/.exec(line)?.[1];
  return type === undefined ? undefined : [...type.matchAll(/"([^"]*)"/g)].map(([, value = '']) => value);
}

/** The first interface or class of the text whose body declares members. */
export function declarationComments(text: string, declaration: RegExp): DeclarationComments {
  const members = new Map<string, string>();
  const literals = new Map<string, readonly string[]>();
  let type = '';
  let comment: string[] | undefined;
  let last = '';
  let lastMember: string | undefined;
  let inside = false;
  for (const line of text.split('\n')) {
    const trimmed = line.trim();
    if (comment) {
      if (trimmed.endsWith('*/')) {
        last = commentText(comment);
        comment = undefined;
      } else comment.push(line);
    } else if (trimmed.startsWith('/**')) {
      comment = [];
    } else if (!inside && declaration.test(line)) {
      inside = true;
      type = last;
      last = '';
    } else if (inside && line.startsWith('}')) break;
    else if (trimmed !== '') {
      const named = inside ? /^(?:readonly )?['"]([^'"]+)['"]\??:/.exec(trimmed)?.[1] : undefined;
      if (named !== undefined) lastMember = named;
      // The values of a map stand a line below its member.
      const member = trimmed.startsWith('[key: string]:') ? lastMember : named;
      if (member !== undefined && last !== '' && !members.has(member)) members.set(member, last);
      const values = member === undefined ? undefined : literalsOf(trimmed);
      if (member !== undefined && values) literals.set(member, values);
      last = '';
    }
  }
  return { type, members, literals };
}

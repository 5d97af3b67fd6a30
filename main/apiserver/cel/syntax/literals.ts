const SIMPLE: Readonly<Record<string, string>> = { a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', "'": "'", '"': '"', '`': '`', '?': '?' };
const ESCAPE = /\\(?:([xX])([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))/g;
const MAX_CODE_POINT = 0x10ffff;

/** The value of a string token; throws with cel-go's words. */
export function stringValue(token: string): string {
  const { body, isRaw } = unquoted(token);
  if (isRaw) return body;
  return body.replaceAll(ESCAPE, (_, _x: string, hex?: string, short?: string, long?: string, octal?: string, simple = '') => {
    const digits = hex ?? short ?? long;
    if (digits === undefined && octal === undefined) return SIMPLE[simple] ?? simple;
    const code = octal === undefined ? Number.parseInt(digits ?? '', 16) : Number.parseInt(octal, 8);
    if (code > MAX_CODE_POINT || (code >= 0xd800 && code < 0xe000)) throw new Error('invalid unicode code point');
    return String.fromCodePoint(code);
  });
}

/** The value of a bytes token: escapes name bytes, other characters are written as UTF-8. */
export function bytesValue(token: string): Uint8Array {
  const { body, isRaw } = unquoted(token.slice(1));
  if (isRaw) return new Uint8Array(Buffer.from(body));
  const parts: Buffer[] = [];
  let end = 0;
  for (const match of body.matchAll(ESCAPE)) {
    parts.push(Buffer.from(body.slice(end, match.index)));
    end = match.index + match[0].length;
    const [, , hex, short, long, octal, simple = ''] = match;
    if (hex !== undefined) parts.push(Buffer.from([Number.parseInt(hex, 16)]));
    else if (octal !== undefined) parts.push(Buffer.from([Number.parseInt(octal, 8)]));
    else if ((short ?? long) !== undefined) throw new Error('unable to unescape string');
    else parts.push(Buffer.from(SIMPLE[simple] ?? simple));
  }
  parts.push(Buffer.from(body.slice(end)));
  return new Uint8Array(Buffer.concat(parts));
}

function unquoted(token: string): { readonly body: string; readonly isRaw: boolean } {
  const isRaw = /^[rR]/.test(token);
  const quoted = (isRaw ? token.slice(1) : token).replaceAll(/\r\n?/g, '\n');
  const width = quoted.length >= 6 && (quoted.startsWith('"""') || quoted.startsWith("'''")) ? 3 : 1;
  return { body: quoted.slice(width, -width), isRaw };
}

const [INT_MIN, INT_MAX, UINT_MAX] = [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 64n - 1n];

/** Undefined when it does not fit into 64 bits. */
export function intValue(text: string, isNegative: boolean): bigint | undefined {
  const value = BigInt(text) * (isNegative ? -1n : 1n);
  return value >= INT_MIN && value <= INT_MAX ? value : undefined;
}

export function uintValue(text: string): bigint | undefined {
  const value = BigInt(text.slice(0, -1));
  return value <= UINT_MAX ? value : undefined;
}

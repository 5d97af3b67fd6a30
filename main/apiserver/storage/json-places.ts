/**
 * Where in an object's stored JSON something is written in, or cut. Offsets in bytes.
 *
 * Between the quotes of the empty metadata.resourceVersion, of an object that begins with a head of `headLength` bytes, which ends in the
 * metadata: names and UID alone come before it there, in Go's order of fields.
 */
export function resourceVersionAfterHead(json: Uint8Array, headLength: number): number {
  return memberValue(json, { start: headLength, name: RESOURCE_VERSION }) + 1;
}

/** The same of an object whose members, at every depth, stand by name. */
export function resourceVersionByName(json: Uint8Array): number {
  return resourceVersionAfterHead(json, memberValue(json, { start: 1, name: METADATA }) + 1);
}

/** After the brace that ends the metadata. */
export function metadataEnd(json: Uint8Array, resourceVersion: number): number {
  return endOfObject(json, resourceVersion + 1);
}

const METADATA = Buffer.from('"metadata"');
const RESOURCE_VERSION = Buffer.from('"resourceVersion"');
const quote = 0x22;
const backslash = 0x5c;
const openingBrace = 0x7b;
const closingBrace = 0x7d;
const openingBracket = 0x5b;
const closingBracket = 0x5d;
const colon = 0x3a;

/** Where the value begins of a member of the object whose text, without its brace, begins at `start`. */
function memberValue(json: Uint8Array, { start, name }: { readonly start: number; readonly name: Uint8Array }): number {
  let depth = 0;
  for (let at = start; at < json.length && depth >= 0; at++) {
    const byte = json[at];
    if (byte === quote) {
      const end = endOfString(json, at);
      if (depth === 0 && json[end] === colon && isAt(json, { at, end, text: name })) return end + 1;
      at = end - 1;
    } else if (byte === openingBrace || byte === openingBracket) depth++;
    else if (byte === closingBrace || byte === closingBracket) depth--;
  }
  throw new Error(`Cannot read a stored object: it has no ${Buffer.from(name).toString()}`);
}

/** Where the object ends in which `start` is. */
function endOfObject(json: Uint8Array, start: number): number {
  let depth = 1;
  for (let at = start; at < json.length; at++) {
    const byte = json[at];
    if (byte === quote) at = endOfString(json, at) - 1;
    else if (byte === openingBrace) depth++;
    else if (byte === closingBrace && --depth === 0) return at + 1;
  }
  return json.length;
}

/** After the quote that ends the string that begins at `start`. */
function endOfString(json: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== quote) at += json[at] === backslash ? 2 : 1;
  return at + 1;
}

function isAt(json: Uint8Array, { at, end, text }: { readonly at: number; readonly end: number; readonly text: Uint8Array }): boolean {
  if (end - at !== text.length) return false;
  for (let index = 0; index < text.length; index++) if (json[at + index] !== text[index]) return false;
  return true;
}

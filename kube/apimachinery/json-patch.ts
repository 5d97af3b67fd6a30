import { deepCopy, deepEqual, isJsonObject, isNestedTooDeeply, maxNesting, setMember } from './json.ts';
import { isNumberLiteral } from './number-literal.ts';

/** JSON Patch, RFC 6902, as the API server's library understands it (evanphx/json-patch v4). */

export class JsonPatchError extends Error {
  override readonly name = 'JsonPatchError';
}

/** There is nothing where the pointer goes through. */
class MissingPathError extends Error {
  readonly path: string;

  constructor(path: string) {
    super(path);
    this.path = path;
  }
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  /** null when the operation has none. */
  readonly value: unknown;
}

/** What all `copy` operations of one patch may add, in characters of JSON (upstream: JSONPatchMaxCopyBytes): each may double what the next one copies. */
export const maxCopied = 3 * 1024 * 1024;

/** A new document; the given one stays as it is. Throws {@link JsonPatchError} at the first operation that cannot be done. */
export function applyJsonPatch(document: unknown, patch: readonly unknown[]): unknown {
  let result = deepCopy(document);
  let copied = 0;
  for (const item of patch) {
    const operation = readOperation(item);
    const before = result;
    result = located(operation, () => {
      if (operation.op === 'copy') copied += checkCopy(before, operation, maxCopied - copied);
      return applyOperation(before, operation);
    });
  }
  if (isNestedTooDeeply(result)) throw new JsonPatchError(`the patched document exceeds the max depth of ${maxNesting}`);
  return result;
}

/** The size of what is copied. Throws when no more than `left` bytes may be. */
function checkCopy(document: unknown, operation: Operation, left: number): number {
  const size = JSON.stringify(readOrNull(document, source(operation))).length;
  if (size > left) throw new JsonPatchError(`Unable to complete the copy, the accumulated size increase of copy is ${maxCopied - left + size}, exceeding the limit ${maxCopied}`);
  return size;
}

function readOperation(item: unknown): Operation {
  const { op, path, from, value } = isJsonObject(item) ? item : {};
  return {
    op: typeof op === 'string' ? op : 'unknown',
    path: typeof path === 'string' ? path : 'unknown',
    ...(typeof from === 'string' ? { from } : {}),
    value: value ?? null,
  };
}

function located(operation: Operation, run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    throw error instanceof MissingPathError ? new JsonPatchError(missingText(operation, error.path), { cause: error }) : error;
  }
}

/** In the words of the library, which differ from operation to operation. */
function missingText({ op, path: target }: Operation, path: string): string {
  if (op === 'add' || op === 'remove') return `${op} operation does not apply: doc is missing path: ${JSON.stringify(path)}: missing value`;
  if (op === 'test') return `test operation does not apply: is missing path: ${path}: missing value`;
  const where = op === 'replace' ? 'path' : path === target ? 'destination path' : 'from path';
  return `${op} operation does not apply: doc is missing ${where}: ${path}: missing value`;
}

function applyOperation(document: unknown, operation: Operation): unknown {
  const { op, path, from } = operation;
  switch (op) {
    case 'add':
      return add(document, path, deepCopy(operation.value));
    case 'remove':
      return remove(document, path);
    case 'replace':
      return replace(document, path, deepCopy(operation.value));
    case 'test':
      test(document, operation);
      return document;
    case 'move': {
      const value = read(document, source(operation));
      return add(remove(document, from ?? ''), path, value);
    }
    case 'copy':
      return add(document, path, deepCopy(readOrNull(document, source(operation))));
    default:
      throw new JsonPatchError(`Unexpected kind: ${op}`);
  }
}

function source({ op, from }: Operation): string {
  if (from === undefined) throw new JsonPatchError(`${op} operation does not apply: missing from`);
  return from;
}

interface Place {
  readonly container: unknown;
  readonly key: string;
}

/** The container that holds what the pointer names, and its key there. */
function locate(document: unknown, path: string): Place {
  const tokens = path.split('/');
  if (tokens.length < 2 || tokens[0] !== '') throw missing(path);
  const keys = tokens.slice(1).map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  let container = document;
  for (const key of keys.slice(0, -1)) container = member(container, key, path);
  if (!Array.isArray(container) && (!isJsonObject(container) || isNumberLiteral(container))) throw missing(path);
  return { container, key: keys.at(-1) ?? '' };
}

function missing(path: string): MissingPathError {
  return new MissingPathError(path);
}

function member(container: unknown, key: string, path: string): unknown {
  if (Array.isArray(container)) return container[arrayIndex(key, container.length - 1)];
  if (!isJsonObject(container) || !Object.hasOwn(container, key)) throw missing(path);
  return container[key];
}

/** The library reads an index as Atoi does, and counts negative ones from the end. */
function arrayIndex(key: string, last: number): number {
  if (!/^[+-]?[0-9]+$/.test(key)) throw new JsonPatchError(`strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`);
  const index = Number(key);
  const resolved = index < 0 ? index + last + 1 : index;
  if (resolved < 0 || resolved > last) throw new JsonPatchError(`Unable to access invalid index: ${index}`);
  return resolved;
}

/** The whole document cannot be named here, nor in `add`: the library looks for a container. */
function read(document: unknown, path: string): unknown {
  const { container, key } = locate(document, path);
  return member(container, key, path);
}

/** The library copies what an object has not as null. */
function readOrNull(document: unknown, path: string): unknown {
  const { container, key } = locate(document, path);
  return Array.isArray(container) || Object.hasOwn(container as object, key) ? member(container, key, path) : null;
}

function add(document: unknown, path: string, value: unknown): unknown {
  const { container, key } = locate(document, path);
  if (!Array.isArray(container)) setMember(container as Record<string, unknown>, key, value);
  else if (key === '-') container.push(value);
  // One past the end is a place to add at.
  else container.splice(arrayIndex(key, container.length), 0, value);
  return document;
}

function remove(document: unknown, path: string): unknown {
  const { container, key } = locate(document, path);
  if (Array.isArray(container)) container.splice(arrayIndex(key, container.length - 1), 1);
  else if (isJsonObject(container) && Object.hasOwn(container, key)) delete container[key];
  else throw new JsonPatchError(`Unable to remove nonexistent key: ${key}: missing value`);
  return document;
}

function replace(document: unknown, path: string, value: unknown): unknown {
  if (path === '') {
    if (typeof value !== 'object') throw new JsonPatchError('replace operation value must be object or array');
    return value;
  }
  // The library asks lists whether they have the place, but not objects.
  const { container, key } = locate(document, path);
  if (Array.isArray(container)) container[arrayIndex(key, container.length - 1)] = value;
  else setMember(container as Record<string, unknown>, key, value);
  return document;
}

/** A test for null also holds where nothing is, as long as the place itself is there. */
function test(document: unknown, { path, value }: Operation): void {
  const { container, key } = path === '' ? { container: [document], key: '0' } : locate(document, path);
  const isAbsent = !Array.isArray(container) && !Object.hasOwn(container as object, key);
  const actual = isAbsent ? null : member(container, key, path);
  if (!deepEqual(actual ?? null, value ?? null)) throw new JsonPatchError(`testing value ${path} failed: test failed`);
}

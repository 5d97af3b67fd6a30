/**
 * Reads the tables in definitions/: the shape of every API message of Kubernetes 1.36 as facts of Go's struct tags.
 *
 * One message a line: `Name [@K] [@A] field…`. @K: a root kind, which has apiVersion and kind in JSON (in protobuf they live
 * in the envelope). @A: the struct is atomic in server-side apply.
 *
 * One field: `json:number:type[:flags[:mark…]]`
 * - json: name in JSON; `^` when the struct is inlined there.
 * - number: protobuf field number.
 * - type: `[T` is a list of T, `{T` a map from string to T; then s string, b bool, i int32, l int64, d double, y bytes,
 *   T Time, M MicroTime, D Duration, Q Quantity, I IntOrString, R RawExtension, F FieldsV1, else the name of a message, of
 *   another group version as `core/v1.Container`.
 * - flags: `*` a pointer in Go (a zero value differs from an absent one), `!` written even when empty (no omitempty),
 *   `0` omitzero.
 * - marks: `CType` the name of the Go type where it is not obvious; `La` atomic list, `Ls` set, `Lmkey,key` map; `Pstrategy,strategy/mergeKey`; `A` atomic map or struct;
 *   `G` granular; `=value` OpenAPI default; `N` nullable; `E` enum; `O` optional although written always, `R` required although
 *   not.
 */
export interface FieldTable {
  readonly name: string;
  readonly number: number;
  readonly container: '' | 'list' | 'map';
  /** One letter, or the full name of a message, `core/v1.Container`. */
  readonly type: string;
  readonly inline: boolean;
  readonly pointer: boolean;
  /** No omitempty: present in the JSON of every object. */
  readonly always: boolean;
  readonly omitZero: boolean;
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  readonly patchStrategy?: string;
  readonly patchMergeKey?: string;
  readonly atomic?: boolean;
  /** x-kubernetes-map-type: granular, said aloud. */
  readonly granular?: boolean;
  /** Required for OpenAPI, where that is not the same as `always`. */
  readonly required?: boolean;
  /** JSON text of the OpenAPI default. */
  readonly defaultValue?: string;
  readonly nullable?: boolean;
  /** Go's name of a named scalar (or of a list's element): `v1.RestartPolicy`. Error messages tell it. */
  readonly goType?: string;
}

export interface MessageTable {
  /** `core/v1.Pod` */
  readonly name: string;
  readonly isKind: boolean;
  readonly atomic: boolean;
  readonly fields: readonly FieldTable[];
}

const listTypes: Readonly<Record<string, 'atomic' | 'set' | 'map'>> = { a: 'atomic', s: 'set', m: 'map' };

type Marks = { -readonly [K in keyof FieldTable]?: FieldTable[K] };

function parseMark(mark: string, into: Marks): void {
  const rest = mark.slice(1);
  if (mark.startsWith('L')) {
    const listType = listTypes[rest.charAt(0)];
    if (listType) into.listType = listType;
    if (rest.length > 1) into.listMapKeys = rest.slice(1).split(',');
  } else if (mark.startsWith('P')) {
    const [strategy = '', mergeKey] = rest.split('/');
    if (strategy !== '') into.patchStrategy = strategy;
    if (mergeKey !== undefined) into.patchMergeKey = mergeKey;
  } else if (mark.startsWith('=')) into.defaultValue = rest;
  else if (mark.startsWith('C')) into.goType = rest;
  else if (mark === 'A') into.atomic = true;
  else if (mark === 'G') into.granular = true;
  else if (mark === 'O' || mark === 'R') into.required = mark === 'R';
  else if (mark === 'N') into.nullable = true;
}

function parseField(text: string, groupVersion: string): FieldTable {
  const [json = '', number = '', typeText = '', flags = '', ...marks] = text.split(':');
  const container = typeText.startsWith('[') ? 'list' : typeText.startsWith('{') ? 'map' : '';
  const bare = container === '' ? typeText : typeText.slice(1);
  const type = bare.length === 1 || bare.includes('.') ? bare : `${groupVersion}.${bare}`;
  const extra: Marks = {};
  for (const mark of marks) parseMark(mark, extra);
  return {
    name: json === '^' ? '' : json,
    number: Number(number),
    container,
    type,
    inline: json === '^',
    pointer: flags.includes('*'),
    always: flags.includes('!'),
    omitZero: flags.includes('0'),
    ...extra,
  };
}

/** Parses one table; groupVersion as in `core/v1`. */
export function parseDefinitionTable(groupVersion: string, text: string): ReadonlyMap<string, MessageTable> {
  const messages = new Map<string, MessageTable>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const words = line.split(' ');
    const name = `${groupVersion}.${words[0]}`;
    messages.set(name, {
      name,
      isKind: words.includes('@K'),
      atomic: words.includes('@A'),
      fields: words.slice(1).flatMap((word) => (word.startsWith('@') ? [] : [parseField(word, groupVersion)])),
    });
  }
  return messages;
}

import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, type ScalarEvent } from 'js-yaml';

/** A mapping under way: its keys so far, and the key whose value comes next. */
interface OpenMapping {
  readonly type: 'mapping';
  readonly keys: Set<string>;
  key: ScalarEvent | undefined;
  expectsValue: boolean;
  /** Where the value of the current key begins. */
  valueStart: number;
}
type Open = OpenMapping | { readonly type: 'other' };

/**
 * What go-yaml's strict decoder says of every key that a mapping has twice: `line 7: key "k" already set in map`. The line is the value's, and what is
 * wrong inside a value comes before its own key (upstream: setMapIndex of goyaml.v2).
 */
export function yamlDuplicateKeys(text: string, { maxDepth }: { readonly maxDepth: number }): string[] {
  const found: string[] = [];
  const open: Open[] = [];
  for (const event of parseEvents(text, { maxDepth })) {
    if (event.type === EVENT_ID.POP) {
      open.pop();
      completed(text, open.at(-1), found);
      continue;
    }
    began(event, open.at(-1));
    if (event.type === EVENT_ID.MAPPING) open.push({ type: 'mapping', keys: new Set(), key: undefined, expectsValue: false, valueStart: 0 });
    else if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.DOCUMENT) open.push({ type: 'other' });
    else completed(text, open.at(-1), found);
  }
  return found;
}

/** A node begins: as a key or as the value of one. */
function began(event: Event, parent: Open | undefined): void {
  if (parent?.type !== 'mapping') return;
  if (!parent.expectsValue) parent.key = event.type === EVENT_ID.SCALAR ? event : undefined;
  else parent.valueStart = startOf(event) ?? parent.key?.valueEnd ?? 0;
}

function completed(text: string, parent: Open | undefined, found: string[]): void {
  if (parent?.type !== 'mapping') return;
  if (!parent.expectsValue) {
    parent.expectsValue = true;
    return;
  }
  parent.expectsValue = false;
  if (parent.key === undefined) return;
  const key = keyText(text, parent.key);
  if (parent.keys.has(key)) found.push(`line ${lineOf(text, parent.valueStart)}: key ${key} already set in map`);
  parent.keys.add(key);
}

/** Undefined for what has no text of its own, and for block scalars, which begin at the indicator beside their key. */
function startOf(event: Event): number | undefined {
  if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) return event.start;
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart;
  if (event.type !== EVENT_ID.SCALAR || event.valueStart < 0) return undefined;
  return event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK ? undefined : event.valueStart;
}

/** As Go prints the resolved value with %#v. */
function keyText(text: string, key: ScalarEvent): string {
  const value = getScalarValue(text, key);
  return key.style === SCALAR_STYLE.PLAIN && /^(?:-?(?:0|[1-9]\d*)|true|false)$/.test(value) ? value : JSON.stringify(value);
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

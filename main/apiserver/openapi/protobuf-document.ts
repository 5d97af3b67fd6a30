import { ProtobufWriter } from '../negotiation/protobuf-writer.ts';
import { writeYaml } from '../negotiation/yaml-writer.ts';
import { openApiV2Table, openApiV3Table } from './protobuf-tables.ts';
import type { Dialect } from './schemas.ts';

interface Field {
  readonly json: string;
  readonly number: number;
  readonly container: '' | 'list' | 'named';
  readonly type: string;
}

interface Message {
  readonly isChoice: boolean;
  /** By falling number: the writer goes backwards. */
  readonly fields: readonly Field[];
}

type Messages = ReadonlyMap<string, Message>;

function parseField(text: string): Field {
  const [json = '', number = '', type = ''] = text.split(':');
  const container = type.startsWith('[') ? 'list' : type.startsWith('{') ? 'named' : '';
  return { json, number: Number(number), container, type: container === '' ? type : type.slice(1) };
}

function parseTable(table: string): Messages {
  const lines = table.trim().split('\n').map((line) => line.split(' '));
  return new Map(lines.map(([name = '', ...fields]) => {
    const parsed = fields.map(parseField);
    const isChoice = name.endsWith('?');
    return [isChoice ? name.slice(0, -1) : name, { isChoice, fields: isChoice ? parsed : parsed.sort((a, b) => b.number - a.number) }];
  }));
}

const tables = new Map<Dialect, Messages>();

/** A document in the binary form that client-go asks /openapi/v2 for. */
export function openApiProtobuf(document: unknown, dialect: Dialect): Uint8Array {
  let messages = tables.get(dialect);
  if (!messages) {
    messages = parseTable(dialect === 2 ? openApiV2Table : openApiV3Table);
    tables.set(dialect, messages);
  }
  const writer = new ProtobufWriter(1 << 20);
  new Encoder(messages, writer).message('Document', document);
  return writer.finish();
}

class Encoder {
  readonly #messages: Messages;
  readonly #writer: ProtobufWriter;

  constructor(messages: Messages, writer: ProtobufWriter) {
    this.#messages = messages;
    this.#writer = writer;
  }

  message(name: string, value: unknown): void {
    const message = this.#messages.get(name);
    if (name === 'Any') return this.#scalar('s', 2, writeYaml(value, { keysAsGiven: true }));
    if (!message) throw new TypeError(`Cannot encode OpenAPI message ${name}: it is not in the table`);
    if (message.isChoice) {
      const chosen = message.fields.find(({ json }) => holds(json, value));
      if (chosen) this.#field(chosen, value);
      return;
    }
    for (const field of message.fields) {
      const member = memberOf(field.json, value);
      if (member !== undefined) this.#field(field, member);
    }
  }

  #field({ number, container, type }: Field, value: unknown): void {
    if (container === 'list') {
      for (const item of (value as readonly unknown[]).toReversed()) this.#value(type, number, item);
    } else if (container === 'named') {
      for (const [name, member] of Object.entries(value as object).toReversed()) {
        const mark = this.#writer.length;
        this.#value(type, 2, member);
        this.#value('s', 1, name);
        this.#writer.delimit(number, mark);
      }
    } else this.#value(type, number, value);
  }

  #value(type: string, number: number, value: unknown): void {
    if (type === 'D') return this.#default(number, value);
    if (type.length === 1) return this.#scalar(type, number, value);
    const mark = this.#writer.length;
    this.message(type, value);
    this.#writer.delimit(number, mark);
  }

  /** Objects and lists have no default in this form. */
  #default(number: number, value: unknown): void {
    const mark = this.#writer.length;
    if (typeof value === 'string') this.#scalar('s', 3, value);
    else if (typeof value === 'boolean') this.#scalar('b', 2, value);
    else if (typeof value === 'number') this.#scalar('d', 1, value);
    else return;
    this.#writer.delimit(number, mark);
  }

  #scalar(type: string, number: number, value: unknown): void {
    const mark = this.#writer.length;
    if (type === 'b') {
      this.#writer.varint(value === true ? 1 : 0);
      this.#writer.tag(number, 0);
    } else if (type === 'd') {
      this.#writer.double(Number(value));
      this.#writer.tag(number, 1);
    } else if (type === 'A') {
      this.message('Any', value);
      this.#writer.delimit(number, mark);
    } else {
      this.#writer.string(String(value));
      this.#writer.delimit(number, mark);
    }
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function holds(condition: string, value: unknown): boolean {
  if (condition === 'else') return true;
  if (condition === 'boolean') return typeof value === 'boolean';
  if (!isObject(value)) return false;
  const [name = '', wanted] = condition.split('=');
  return wanted === undefined ? value[name] !== undefined : value[name] === wanted;
}

function memberOf(json: string, value: unknown): unknown {
  if (json === '*') return value;
  if (!isObject(value)) return undefined;
  if (json !== 'x-') return value[json];
  const entries = Object.entries(value).filter(([name]) => name.startsWith('x-'));
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

import { describe, expect, it } from 'vitest';
import { definitionDirectories, findMessage, messagesOf } from './definitions.ts';
import { servedGroupVersions } from './inventory.ts';
import { schemaOfKind, schemaOfMessage } from './schema.ts';
import { toTyped } from './typed-object.ts';

const messages = definitionDirectories().flatMap((directory) => [...messagesOf(directory).values()]);

describe('definition tables', () => {
  it('number the fields of a message without repeats', () => {
    const repeated = messages.filter(({ fields }) => new Set(fields.map(({ number }) => number)).size !== fields.length);
    expect(repeated.map(({ name }) => name)).toEqual([]);
    expect(messages.flatMap(({ fields }) => fields).every(({ number }) => Number.isInteger(number) && number > 0)).toBe(true);
  });

  it('refer only to messages that exist', () => {
    const dangling = messages.flatMap(({ name, fields }) => fields.filter(({ type }) => type.length > 1 && !findMessage(type)).map((field) => `${name}.${field.name}`));
    // runtime.Unknown and friends are not in the tables.
    expect(dangling).toEqual([]);
  });

  it('give every served kind and its list a schema', () => {
    const missing = servedGroupVersions().flatMap(({ resources }) => resources).filter((info) => !schemaOfKind(info));
    expect(missing).toEqual([]);
    const lists = servedGroupVersions().flatMap(({ resources }) => resources).filter(({ verbs }) => verbs.includes('list'));
    expect(lists.filter((info) => !schemaOfKind({ ...info, kind: `${info.kind}List` }))).toEqual([]);
  });

  it('let every message be built from nothing', () => {
    for (const { name } of messages) {
      const schema = schemaOfMessage(name);
      expect(schema && toTyped(schema, {}, { nulls: true })).toBeDefined();
    }
  });
});

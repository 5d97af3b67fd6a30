import { readFileSync } from 'node:fs';

/**
 * Texts of kinds and fields, generated from npm packages at build time (kube/api/generate). They are 800 KB that few requests
 * need, so they stay on disk: one small file an API directory, read on first use.
 */
type DescriptionFile = Readonly<Record<string, Readonly<Record<string, string>>>>;

const files = new Map<string, DescriptionFile>();

function fileOf(directory: string): DescriptionFile {
  let file = files.get(directory);
  if (!file) {
    const url = new URL(`../../../kube/api/generated/descriptions/${directory}.json`, import.meta.url);
    file = JSON.parse(readFileSync(url, 'utf8')) as DescriptionFile;
    files.set(directory, file);
  }
  return file;
}

/** Takes the paragraph off that explains the values of an enumeration: tables go without. */
export function withoutEnumValues(text: string): string {
  return text.replace(/\s*Possible enum values:\n(?: - .*(?:\n|$))*/g, '').trim();
}

/**
 * All texts of a message by full name (`core/v1.Pod`): '' for the message itself, else the JSON name of a field; the name with
 * a `#` gives the values of an enumeration, comma-separated.
 */
export function describeMessage(message: string): Readonly<Record<string, string>> {
  const dot = message.lastIndexOf('.');
  return fileOf(message.slice(0, dot))[message.slice(dot + 1)] ?? {};
}

/** One field's text, `core/v1.PodStatus.podIP`; '' when there is none. */
export function describeField(path: string): string {
  const dot = path.lastIndexOf('.');
  return withoutEnumValues(describeMessage(path.slice(0, dot))[path.slice(dot + 1)] ?? '');
}

const named = new Map<string, Readonly<Record<string, string>>>();

function namedTexts(name: string): Readonly<Record<string, string>> {
  let texts = named.get(name);
  if (!texts) {
    const url = new URL(`../../../kube/api/generated/descriptions/${name}.json`, import.meta.url);
    texts = JSON.parse(readFileSync(url, 'utf8')) as Readonly<Record<string, string>>;
    named.set(name, texts);
  }
  return texts;
}

/** A parameter's text by key (parameters.ts). */
export function describeParameter(key: string): string {
  return namedTexts('parameters')[key] ?? '';
}

/** The text of a type that has no fields: `meta/v1.FieldsV1`, `RawExtension`. */
export function describeSpecial(name: string): string {
  return namedTexts('special')[name] ?? '';
}

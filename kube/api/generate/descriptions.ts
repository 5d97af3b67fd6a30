import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { definitionDirectories, messagesOf } from '../definitions.ts';
import { schemaOfMessage } from '../schema.ts';
import { declarationComments } from './declaration-comments.ts';
import type { GeneratedFile } from './type-files.ts';

/**
 * Descriptions of kinds and fields from the doc comments of two npm packages. @kubernetes/client-node has the texts of 1.36
 * but neither line breaks nor the descriptions of fields that refer to objects; kubernetes-models has both. Where they
 * agree but for white space the latter's text is taken, where they differ the former's.
 *
 * One JSON file a directory: `{ "Pod": { "": "Pod is …", "spec": "Specification of …" } }`. The values of enumerations stand under the field's
 * name with a `#`: `{ "restartPolicy#": "Always,Never,OnFailure" }`; their meanings are the last paragraph of the description.
 */
export type DescriptionFile = Readonly<Record<string, Readonly<Record<string, string>>>>;

interface Sources {
  readonly clientNode: string;
  readonly kubernetesModels: string;
  readonly apimachineryModels: string;
}

const groupFolders: Readonly<Record<string, string>> = {
  core: '.',
  admissionregistration: 'admissionregistration.k8s.io',
  apiextensions: 'apiextensions.k8s.io',
  apiregistration: 'apiregistration.k8s.io',
  authentication: 'authentication.k8s.io',
  authorization: 'authorization.k8s.io',
  certificates: 'certificates.k8s.io',
  coordination: 'coordination.k8s.io',
  discovery: 'discovery.k8s.io',
  events: 'events.k8s.io',
  flowcontrol: 'flowcontrol.apiserver.k8s.io',
  networking: 'networking.k8s.io',
  node: 'node.k8s.io',
  rbac: 'rbac.authorization.k8s.io',
  resource: 'resource.k8s.io',
  scheduling: 'scheduling.k8s.io',
  storage: 'storage.k8s.io',
};

function readText(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

type Comments = Readonly<Record<string, string>>;

/** Members by JSON name; '' is the type itself. */
function clientNodeComments(sources: Sources, directory: string, kind: string): Comments {
  const [group = '', version = ''] = directory.split('/');
  const names = [`${capital(group)}${capital(version)}${kind}`, `${capital(version)}${kind}`];
  const name = names.find((candidate) => existsSync(join(sources.clientNode, `${candidate}.d.ts`)));
  if (name === undefined) return {};
  const { type, members } = declarationComments(readText(join(sources.clientNode, `${name}.d.ts`)), /^export declare class /);
  const js = readText(join(sources.clientNode, `${name}.js`));
  const baseNames = new Map([...js.matchAll(/"name": "([^"]+)",\s*"baseName": "([^"]+)"/g)].map(([, own = '', base = '']) => [own, base]));
  return { '': type, ...Object.fromEntries([...members].map(([member, text]) => [baseNames.get(member) ?? member, text])) };
}

function kubernetesModelsComments(sources: Sources, directory: string, kind: string): Comments {
  const [group = '', version = ''] = directory.split('/');
  const folder = groupFolders[group] ?? group;
  const file =
    group === 'meta' ? join(sources.apimachineryModels, 'apis/meta', version, `${kind}.d.ts`) : join(sources.kubernetesModels, folder, version, `${kind}.d.ts`);
  const { type, members, literals } = declarationComments(readText(file), /^export interface /);
  // apiVersion and kind of a root kind are literals of the package, not enumerations of the API.
  const isKind = schemaOfMessage(`${directory}.${kind}`)?.isKind === true;
  const enums = [...literals].filter(([member]) => !isKind || (member !== 'apiVersion' && member !== 'kind'));
  return { '': type, ...Object.fromEntries(members), ...Object.fromEntries(enums.map(([member, values]) => [`${member}#`, values.toSorted().join(',')])) };
}

function withoutEnumValues(text: string): string {
  return text.replace(/\s*Possible enum values:\n(?: - .*(?:\n|$))*/g, '').trim();
}

const flat = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** Texts of the type where the field's own should be: client-node loses the latter for types that it maps to a scalar. */
const typeTexts = /^(?:IntOrString is a type that|MicroTime is version of|JSONSchemaPropsOr|JSON represents any valid JSON)/;

function choose(clientNode: string | undefined, models: string | undefined): string {
  const own = models !== undefined && typeTexts.test(models) ? '' : (models ?? '');
  if (clientNode === undefined || clientNode === '' || typeTexts.test(clientNode)) return own;
  // client-node breaks `*/` apart, so that its comments do not end.
  const text = clientNode.replaceAll('*_/', '*/').replaceAll('/_*', '/*');
  const plain = withoutEnumValues(own);
  if (flat(plain) === flat(text)) return own;
  // Backslashes are the escapes of comments to one of them, and part of the text to the other.
  return withoutBackslashes(plain) === withoutBackslashes(text) ? withWordsOf(own, text) : text;
}

const withoutBackslashes = (text: string): string => flat(text.replaceAll('\\', ''));

/** The lines of the first with the words of the second, which may end earlier. */
function withWordsOf(layout: string, text: string): string {
  const words = text.trim().split(/\s+/).values();
  return layout.replaceAll(/\S+/g, (word) => words.next().value ?? word);
}

function describe(sources: Sources, directory: string, kind: string): Comments {
  const clientNode = clientNodeComments(sources, directory, kind);
  const models = kubernetesModelsComments(sources, directory, kind);
  const schema = schemaOfMessage(`${directory}.${kind}`);
  const names = ['', 'apiVersion', 'kind', ...(schema?.fields.keys() ?? [])];
  const texts = names.map((name) => [name, choose(clientNode[name], models[name])] as const);
  const entries = [...texts, ...names.map((name) => [`${name}#`, models[`${name}#`] ?? ''] as const)];
  return Object.fromEntries(entries.filter(([, text]) => text !== ''));
}

export function descriptionFiles(nodeModules: string): readonly GeneratedFile[] {
  const sources: Sources = {
    clientNode: join(nodeModules, '@kubernetes/client-node/dist/gen/models'),
    kubernetesModels: join(nodeModules, 'kubernetes-models'),
    apimachineryModels: join(nodeModules, '@kubernetes-models/apimachinery'),
  };
  return [specialFile(sources), ...definitionDirectories().map((directory) => {
    const kinds = [...messagesOf(directory).keys()].map((name) => name.slice(directory.length + 1));
    const file: DescriptionFile = Object.fromEntries(kinds.map((kind) => [kind, describe(sources, directory, kind)]));
    return { path: `descriptions/${directory}.json`, text: `${JSON.stringify(file)}\n` };
  })];
}

/** Types without fields that the tables know by a letter. */
function specialFile({ apimachineryModels }: Sources): GeneratedFile {
  const files = { 'meta/v1.FieldsV1': 'apis/meta/v1/FieldsV1', RawExtension: 'runtime/RawExtension' };
  const entries = Object.entries(files).map(([name, file]) => [name, declarationComments(readText(join(apimachineryModels, `${file}.d.ts`)), /^export interface /).type] as const);
  return { path: 'descriptions/special.json', text: `${JSON.stringify(Object.fromEntries(entries))}\n` };
}

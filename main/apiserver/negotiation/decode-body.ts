import { apiVersionOf, type GroupVersionKind, apiVersionProblem, parseApiVersion } from '../../../kube/apimachinery/gvr.ts';
import { goQuote } from '../../../kube/apimachinery/go-format.ts';
import { isNumberLiteral, parseWithLiterals } from '../../../kube/apimachinery/number-literal.ts';
import { newBadRequest, newUnsupportedMediaType } from '../../../kube/apimachinery/status-errors.ts';
import { findMessage } from '../../../kube/api/definitions.ts';
import { GoDecodeError, goValueName } from '../../../kube/api/go-json-error.ts';
import { isRegistered } from '../../../kube/api/scheme-versions.ts';
import { type ObjectSchema, schemaOfKind } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import { MAX_STRICT_ERRORS, scanJson, scanStrict } from './json-scanner.ts';
import { RESPONSE_TYPES } from './media-type.ts';
import { parseRepeated } from './parse-repeated.ts';
import { decodeProtobufEnvelope, MessageDecodeError } from './protobuf-envelope.ts';
import { readYaml } from './yaml-reader.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface DecodeOptions {
  /** The Content-Type header; absent or empty is JSON. */
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
  /** What the endpoint expects; also the default for an empty apiVersion or kind. */
  readonly expected: GroupVersionKind;
  /** Default Warn, as upstream. */
  readonly fieldValidation?: FieldValidation;
  /** Of the same group and shape, which may be sent too (policy/v1beta1 Eviction). */
  readonly alsoVersions?: readonly string[];
  /**
   * Custom resources: the body is kept as it came, any kind of the expected group is let through, protobuf is refused, and
   * unknown fields are the caller's affair (structural schema). Repeated fields are still reported here.
   */
  readonly unstructured?: boolean;
}

export interface DecodedBody {
  /** In Go's form for built-in kinds (typed-object.ts), with apiVersion and kind set. */
  readonly object: Record<string, unknown>;
  readonly gvk: GroupVersionKind;
  /** For the Warning header: `unknown field "spec.foo"`, `duplicate field "data.k"`. */
  readonly warnings: readonly string[];
}

/**
 * Reads a request body that holds one object. Throws StatusErrors in upstream's words: 415 for a foreign media type, 400
 * for a body that is no object of the expected kind or, with Strict, has unknown or repeated fields.
 */
export function decodeBody(options: DecodeOptions): DecodedBody {
  const { expected, body } = options;
  const raw = readRaw(options);
  if (options.unstructured && !raw.value['kind']) {
    const missing = `Object 'Kind' is missing in '${Buffer.from(body).toString('utf8')}'`;
    throw newBadRequest(`the object provided is unrecognized (must be of type ${expected.kind}): ${missing} (${summarize(body)})`);
  }
  const found = kindOf(raw.value, { expected, body });
  const isAlias = found.group === expected.group && options.alsoVersions?.includes(found.version);
  const gvk = isAlias ? { ...found, version: expected.version } : found;
  const schema = options.unstructured ? undefined : acceptKind(gvk, expected);
  const problems = [...raw.problems];
  const object = schema ? typedOrBadRequest(schema, { value: raw.value, gvk, expected, problems }) : raw.value;
  // Found apart, repeated and unknown fields are not in the order of the text.
  if (schema && raw.json !== undefined && raw.problems.length > 0) problems.splice(0, Infinity, ...scanStrict(raw.json, schema));
  const { warnings } = applyFieldValidation(problems, { mode: options.fieldValidation, gvk, expected });
  return { object: { ...object, apiVersion: apiVersionOf(gvk), kind: gvk.kind }, gvk, warnings: warnings.flatMap(yamlWarnings) };
}

/** go-yaml tells all problems at once; each is a warning of its own, without the prefix (upstream: parseYAMLWarnings). */
export function yamlWarnings(problem: string): string[] {
  const lines = /^(?:error converting YAML to JSON: )?yaml: unmarshal errors:\n(?<lines>.*)$/s.exec(problem)?.groups?.['lines'];
  return lines === undefined ? [problem] : lines.split('\n').map((line) => line.trim());
}

/** Parses any JSON or YAML document (patches). Throws GoDecodeError. */
export function parseDocument(bytes: Uint8Array, format: 'json' | 'yaml'): { readonly value: unknown; readonly duplicates: readonly string[] } {
  const text = textOf(bytes);
  if (format === 'json') {
    const { duplicates } = scanJson(text);
    return { value: JSON.parse(text), duplicates };
  }
  const { value, duplicateError } = readYaml(text);
  return { value, duplicates: duplicateError === undefined ? [] : [duplicateError] };
}

/** The text of a strict decoding failure: `strict decoding error: unknown field "a", duplicate field "b"`. */
export function strictDecodingError(problems: readonly string[]): string {
  return `strict decoding error: ${problems.join(', ')}`;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

interface RawBody {
  readonly value: Record<string, unknown>;
  readonly problems: readonly string[];
  /** The text, when it is JSON. */
  readonly json?: string;
}

/** The media type of a Content-Type header as mime.ParseMediaType reads it; undefined when malformed. */
export function mediaTypeOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined || contentType === '') return 'application/json';
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim());
  const isWellFormed = /^[^\s/;,]+\/[^\s/;,]+$/.test(type) && parameters.every((parameter, index) => {
    return /^[^\s=]+\s*=\s*\S.*$/.test(parameter) || (parameter === '' && index === parameters.length - 1);
  });
  return isWellFormed ? type.toLowerCase() : undefined;
}

function readRaw({ contentType, body, expected, unstructured }: DecodeOptions): RawBody {
  const unrecognized = (message: string): Error =>
    newBadRequest(`the object provided is unrecognized (must be of type ${expected.kind}): ${message} (${summarize(body)})`);
  const accepted = unstructured ? RESPONSE_TYPES.slice(0, 2) : RESPONSE_TYPES;
  const mediaType = mediaTypeOf(contentType);
  if (mediaType === undefined || !accepted.includes(mediaType)) throw newUnsupportedMediaType(RESPONSE_TYPES);
  try {
    if (mediaType === 'application/json') return readJson(body, { isTyped: unstructured !== true });
    if (mediaType === 'application/yaml') return readYamlBody(body);
    return { value: decodeProtobufEnvelope(body, expected), problems: [] };
  } catch (error) {
    if (error instanceof MessageDecodeError) throw cannotHandle(error.gvk, expected, error.message);
    if (error instanceof GoDecodeError) throw unrecognized(error.message);
    throw error;
  }
}

const headStruct = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

function asObject(value: unknown): Record<string, unknown> {
  if (value === null || value === undefined) return {};
  if (typeof value === 'object' && !Array.isArray(value) && !isNumberLiteral(value)) return value as Record<string, unknown>;
  const what = goValueName(value);
  throw new GoDecodeError(`couldn't get version/kind; json parse error: json: cannot unmarshal ${what} into Go value of type ${headStruct}`);
}

/** Only built-in types tell `2.0` from `2`. */
function readJson(body: Uint8Array, { isTyped }: { readonly isTyped: boolean }): RawBody {
  const text = textOf(body);
  try {
    const { duplicates, hasTellingNumbers } = scanJson(text);
    const parse: (text: string) => unknown = isTyped && hasTellingNumbers ? parseWithLiterals : JSON.parse;
    const value = isTyped && duplicates.length > 0 ? parseRepeated(text, parse) : parse(text);
    return { value: asObject(value), problems: duplicates.map((path) => `duplicate field ${goQuote(path)}`), json: text };
  } catch (error) {
    if (!(error instanceof GoDecodeError) || error.message.startsWith("couldn't")) throw error;
    throw new GoDecodeError(`couldn't get version/kind; json parse error: ${error.message}`, { cause: error });
  }
}

function readYamlBody(body: Uint8Array): RawBody {
  const { value, duplicateError } = readYaml(textOf(body));
  return { value: asObject(inKeyOrder(value)), problems: duplicateError === undefined ? [] : [duplicateError] };
}

/** YAML becomes JSON on its way, with the keys of each map in order: that is the order in which problems are told. */
function inKeyOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inKeyOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, inKeyOrder(inner)]));
}

/** As upstream's summarizeData: JSON objects as text, anything else in hex. */
function summarize(body: Uint8Array): string {
  const limit = 30;
  if (body.length === 0) return '<empty>';
  const head = Buffer.from(body.subarray(0, limit));
  return `${body[0] === 0x7b ? head.toString('utf8') : head.toString('hex')}${body.length > limit ? ' ...' : ''}`;
}

function kindOf(value: Record<string, unknown>, { expected, body }: { expected: GroupVersionKind; body: Uint8Array }): GroupVersionKind {
  for (const name of ['apiVersion', 'kind'] as const) {
    const text = value[name];
    if (text === undefined || text === null || typeof text === 'string') continue;
    const reason = `json: cannot unmarshal ${goValueName(text)} into Go struct field .${name} of type string`;
    const message = `couldn't get version/kind; json parse error: ${reason} (${summarize(body)})`;
    throw newBadRequest(`the object provided is unrecognized (must be of type ${expected.kind}): ${message}`);
  }
  const apiVersion = value['apiVersion'];
  const kind = value['kind'];
  const problem = typeof apiVersion === 'string' ? apiVersionProblem(apiVersion) : undefined;
  if (problem !== undefined) throw newBadRequest(`the object provided is unrecognized (must be of type ${expected.kind}): ${problem} (${summarize(body)})`);
  const groupVersion = typeof apiVersion === 'string' && apiVersion !== '' ? parseApiVersion(apiVersion) : expected;
  return { group: groupVersion.group, version: groupVersion.version, kind: typeof kind === 'string' && kind !== '' ? kind : expected.kind };
}

function cannotHandle(gvk: GroupVersionKind, expected: GroupVersionKind, reason: string): Error {
  return newBadRequest(`${gvk.kind} in version ${goQuote(gvk.version)} cannot be handled as a ${expected.kind}: ${reason}`);
}

/** Decides what to do with a body of another kind or version than the endpoint's. */
function acceptKind(gvk: GroupVersionKind, expected: GroupVersionKind): ObjectSchema {
  const schema = schemaOfKind(gvk);
  const isSameKind = gvk.kind === expected.kind;
  const isSameVersion = gvk.group === expected.group && gvk.version === expected.version;
  if (isSameKind && isSameVersion && schema) return schema;
  if (isSameKind && isRegistered(gvk)) {
    const [got, want] = [apiVersionOf(gvk), apiVersionOf(expected)];
    throw newBadRequest(`the API version in the data (${got}) does not match the expected API version (${want})`);
  }
  const isKnown = isRegistered(gvk) || (gvk.group === '' && gvk.version === 'v1' && findMessage(`core/v1.${gvk.kind}`) !== undefined) || isMetaKind(gvk);
  if (!isKnown) {
    const version = goQuote(apiVersionOf(gvk));
    throw cannotHandle(gvk, expected, `no kind ${goQuote(gvk.kind)} is registered for version ${version} in scheme ${goQuote(schemeOf(expected))}`);
  }
  const internal = expected.group === '' ? 'core' : (expected.group.split('.')[0] ?? expected.group);
  throw cannotHandle(gvk, expected, `converting (${gvk.version}.${gvk.kind}) to (${internal}.${expected.kind}): unknown conversion`);
}

/** Where upstream registers the kinds of a group; its messages name the place. */
export function schemeOf({ group }: { readonly group: string }): string {
  if (group === 'apiextensions.k8s.io') return 'pkg/apiserver/apiserver.go:55';
  return group === 'apiregistration.k8s.io' ? 'pkg/apiserver/scheme/scheme.go:28' : 'pkg/api/legacyscheme/scheme.go:30';
}

function isMetaKind({ group, kind }: GroupVersionKind): boolean {
  return group === 'meta.k8s.io' && findMessage(`meta/v1.${kind}`) !== undefined;
}

interface TypedContext {
  readonly value: Record<string, unknown>;
  readonly gvk: GroupVersionKind;
  readonly expected: GroupVersionKind;
  readonly problems: string[];
}

/** Notes unknown fields as strict errors, as many as there may be. */
export function unknownFieldsInto(problems: string[]): (path: string) => void {
  return (path) => {
    if (problems.length < MAX_STRICT_ERRORS) problems.push(`unknown field ${goQuote(path)}`);
  };
}

function typedOrBadRequest(schema: ObjectSchema, { value, gvk, expected, problems }: TypedContext): Record<string, unknown> {
  try {
    return toTyped(schema, value, { onUnknownField: unknownFieldsInto(problems) });
  } catch (error) {
    if (error instanceof GoDecodeError) throw cannotHandle(gvk, expected, error.message);
    throw error;
  }
}

interface ValidationContext {
  readonly mode: FieldValidation | undefined;
  readonly gvk: GroupVersionKind;
  readonly expected: GroupVersionKind;
}

function applyFieldValidation(problems: readonly string[], { mode, gvk, expected }: ValidationContext): Pick<DecodedBody, 'warnings'> {
  if (problems.length === 0 || mode === 'Ignore') return { warnings: [] };
  if (mode === 'Strict') throw cannotHandle(gvk, expected, strictDecodingError(problems));
  return { warnings: problems };
}

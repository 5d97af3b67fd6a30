import type * as apiextensions from '../../../../kube/api/generated/apiextensions/v1.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../../../kube/apimachinery/name-validation.ts';
import { checkWebhookService, checkWebhookUrl } from '../admissionregistration/webhook-client.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { METADATA_PATH, SPEC_PATH, STATUS_PATH, type FieldPath } from '../validation/field-path.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';
import { isEmpty } from '../validation/values.ts';
import type { CelLibrary } from '../../cel/cel-environment.ts';
import { hasDefaults } from './schema-form.ts';
import { checkSchema, type SchemaOptions } from './schema-validation.ts';
import { internalSchema } from './internal-schema.ts';
import { checkSelectableFields } from './selectable-fields.ts';

type Definition = apiextensions.CustomResourceDefinition;
type Version = apiextensions.CustomResourceDefinitionVersion;
const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const MAX_DEPRECATION_WARNING = 256;
const NO_SIMPLE_PATH = 'must be a simple json path starting with .';
const APPROVAL = 'api-approved.kubernetes.io';
const APPROVAL_URL = 'https://github.com/kubernetes/enhancements/pull/1111';

/** Of a new definition; later neither part can change. */
export function checkDefinitionName({ metadata, spec }: Definition, errors: FieldErrors): void {
  const { group = '', names = { plural: '' } } = spec;
  for (const field of ['generateName', 'name'] as const) {
    if (metadata[field] && metadata[field] !== `${names.plural ?? ''}.${group}`) errors.invalid(METADATA_PATH.child(field), metadata[field], 'must be spec.names.plural+"."+spec.group');
  }
}

/** What is checked with the definition as it was, on an update. */
export interface DefinitionOptions {
  readonly library: CelLibrary;
  readonly previous?: Definition;
}

/** Those that the definition itself decides. */
interface VersionOptions extends DefinitionOptions {
  readonly keepsUnknown: boolean;
}

export function checkDefinition({ spec }: Definition, errors: FieldErrors, options: DefinitionOptions): void {
  const { group = '', scope = '', names = { plural: '', kind: '' } } = spec;
  checkGroup(group, errors);
  if (scope === '') errors.required(SPEC_PATH.child('scope'));
  else if (scope !== 'Cluster' && scope !== 'Namespaced') errors.notSupported(SPEC_PATH.child('scope'), scope, ['Cluster', 'Namespaced']);
  checkVersions(spec.versions, errors, { ...options, keepsUnknown: spec.preserveUnknownFields === true });
  const namesPath = SPEC_PATH.child('names');
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) if (isEmpty(names[field])) errors.required(namesPath.child(field));
  checkNames(names, namesPath, errors);
  checkSharedParts(spec.versions ?? [], errors, options);
  checkConversion(spec.conversion, SPEC_PATH.child('conversion'), errors);
  if (spec.preserveUnknownFields) {
    const detail = 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
    errors.invalid(SPEC_PATH.child('preserveUnknownFields'), true, detail);
  }
}

function checkGroup(group: string, errors: FieldErrors): void {
  const path = SPEC_PATH.child('group');
  const problems = isDns1123Subdomain(group);
  if (group === '') errors.required(path);
  else if (problems.length > 0) errors.invalid(path, group, problems.join(','));
  else if (!group.includes('.')) errors.invalid(path, group, 'should be a domain with at least one dot');
}

/** Upstream moves what all versions share to the level of the resource, and names it there in its errors. */
function isShared(versions: readonly Version[], part: 'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields'): boolean {
  const [first, ...others] = versions;
  return first !== undefined && !isNothing(first[part]) && others.every((version) => semanticEqual(version[part], first[part]));
}

function isNothing(part: object | undefined): boolean {
  return part === undefined || (Array.isArray(part) && part.length === 0);
}

function schemaOptions(versions: readonly Version[], version: Version | undefined, { library, previous }: DefinitionOptions): SchemaOptions {
  const before = previous?.spec.versions?.find(({ name }) => name === version?.name);
  const concerned = isShared(versions, 'subresources') ? versions : versions.filter((one) => one === version);
  return {
    library,
    hasStatus: concerned.some(({ subresources }) => subresources?.status !== undefined),
    isUnchanged: before !== undefined && semanticEqual(before.schema, version?.schema),
  };
}

function checkVersions(given: readonly Version[] | undefined, errors: FieldErrors, options: VersionOptions): void {
  const versions = given ?? [];
  const path = SPEC_PATH.child('versions');
  for (const [index, { schema }] of versions.entries()) {
    if (schema?.openAPIV3Schema === undefined) errors.required(path.index(index).child('schema').child('openAPIV3Schema'));
  }
  if (options.keepsUnknown && versions.some(({ schema }) => hasDefaults(schema?.openAPIV3Schema))) {
    errors.invalid(SPEC_PATH.child('preserveUnknownFields'), true, 'must be false in order to use defaults in the schema');
  }
  const shared = { schema: isShared(versions, 'schema'), subresources: isShared(versions, 'subresources'), columns: isShared(versions, 'additionalPrinterColumns'), fields: isShared(versions, 'selectableFields') };
  for (const [index, version] of versions.entries()) {
    const at = path.index(index);
    const problems = isDns1035Label(version.name ?? '');
    if (problems.length > 0) errors.invalid(at.child('name'), version.name ?? '', problems.join(','));
    checkDeprecation(version, at.child('deprecationWarning'), errors);
    if (!shared.schema) checkSchema(version.schema?.openAPIV3Schema, at.child('schema').child('openAPIV3Schema'), errors, schemaOptions(versions, version, options));
    if (!shared.subresources) checkSubresources(version.subresources, at.child('subresources'), errors);
    if (!shared.columns) checkColumns(version.additionalPrinterColumns, at.child('additionalPrinterColumns'), errors);
    if (!shared.fields) checkFields(version, at.child('selectableFields'), errors, { ...options, without: 'may only be set when `version.schema.openAPIV3Schema` is not included' });
  }
  if (new Set(versions.map(({ name }) => name)).size < versions.length) errors.invalid(path, internalVersions(versions), 'must contain unique version names');
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.invalid(path, given ? internalVersions(versions) : null, 'must have exactly one version marked as storage version');
  }
  // Upstream's internal type names the first version once more.
  const problems = isDns1035Label(versions[0]?.name ?? '');
  if (versions[0]?.name && problems.length > 0) errors.invalid(SPEC_PATH.child('version'), versions[0].name, problems.join(','));
}

function checkFields(version: Version | undefined, path: FieldPath, errors: FieldErrors, { previous, without }: DefinitionOptions & { readonly without: string }): void {
  const before = previous?.spec.versions?.find(({ name }) => name === version?.name);
  checkSelectableFields(version?.selectableFields ?? [], version?.schema?.openAPIV3Schema, { path, errors, without, before: before?.selectableFields ?? [] });
}

function checkSharedParts(versions: readonly Version[], errors: FieldErrors, options: DefinitionOptions): void {
  const [first] = versions;
  if (isShared(versions, 'schema')) {
    const hasStatus = versions.some(({ subresources }) => subresources?.status !== undefined);
    checkSchema(first?.schema?.openAPIV3Schema, SPEC_PATH.child('validation').child('openAPIV3Schema'), errors, { ...schemaOptions(versions, first, options), hasStatus });
  }
  if (isShared(versions, 'subresources')) checkSubresources(first?.subresources, SPEC_PATH.child('subresources'), errors);
  if (isShared(versions, 'additionalPrinterColumns')) {
    checkColumns(first?.additionalPrinterColumns, SPEC_PATH.child('additionalPrinterColumns'), errors);
  }
  if (isShared(versions, 'selectableFields')) checkFields(first, SPEC_PATH.child('selectableFields'), errors, { ...options, without: 'may only be set when validations.schema is included' });
}

/** Versions as upstream's internal type writes them into a message. */
function internalVersions(versions: readonly Version[]): unknown {
  const hasOwn = (part: 'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields', value: object | undefined): object | null =>
    isShared(versions, part) ? null : (value ?? null);
  return versions.map((version) => ({
    Name: version.name ?? '',
    Served: version.served ?? false,
    Storage: version.storage ?? false,
    Deprecated: version.deprecated ?? false,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: hasOwn('schema', version.schema && { OpenAPIV3Schema: version.schema.openAPIV3Schema === undefined ? null : internalSchema(version.schema.openAPIV3Schema) }),
    Subresources: hasOwn('subresources', version.subresources && internalSubresources(version.subresources)),
    AdditionalPrinterColumns: hasOwn('additionalPrinterColumns', version.additionalPrinterColumns?.map(internalColumn)),
    SelectableFields: hasOwn('selectableFields', version.selectableFields?.map(({ jsonPath }) => ({ JSONPath: jsonPath }))),
  }));
}

function internalSubresources({ status, scale }: apiextensions.CustomResourceSubresources): object {
  const paths = scale && { SpecReplicasPath: scale.specReplicasPath, StatusReplicasPath: scale.statusReplicasPath, LabelSelectorPath: scale.labelSelectorPath ?? null };
  return { Status: status ?? null, Scale: paths ?? null };
}

function internalColumn({ name, type, format = '', description = '', priority = 0, jsonPath }: apiextensions.CustomResourceColumnDefinition): object {
  return { Name: name, Type: type, Format: format, Description: description, Priority: priority, JSONPath: jsonPath };
}

function checkDeprecation({ deprecated, deprecationWarning: text }: Version, path: FieldPath, errors: FieldErrors): void {
  if (text === undefined) return;
  if (!deprecated) {
    errors.invalid(path, text, 'can only be set for deprecated versions');
    return;
  }
  if (text.length > MAX_DEPRECATION_WARNING) errors.invalid(path, text, `must be <= ${MAX_DEPRECATION_WARNING} characters long`);
  if (text === '') errors.invalid(path, text, 'must not be an empty string');
  const control = text.search(/\p{C}/v);
  if (control !== -1) errors.invalid(path, text, `must only contain printable UTF-8 characters; non-printable character found at index ${control}`);
}

function checkSubresources(subresources: apiextensions.CustomResourceSubresources | undefined, path: FieldPath, errors: FieldErrors): void {
  const scale = subresources?.scale;
  if (scale === undefined) return;
  checkReplicasPath(scale.specReplicasPath, '.spec', path.child('scale.specReplicasPath'), errors);
  checkReplicasPath(scale.statusReplicasPath, '.status', path.child('scale.statusReplicasPath'), errors);
  const { labelSelectorPath: selector = '' } = scale;
  const selectorPath = path.child('scale.labelSelectorPath');
  if (selector !== '' && !selector.startsWith('.')) errors.invalid(selectorPath, selector, NO_SIMPLE_PATH);
  else if (selector !== '' && !/^\.(?:spec|status)\./.test(selector)) errors.invalid(selectorPath, selector, 'should be a json path under either .spec or .status');
}

function checkReplicasPath(text: string | undefined, parent: string, path: FieldPath, errors: FieldErrors): void {
  if (isEmpty(text)) errors.required(path);
  else if (!text?.startsWith('.')) errors.invalid(path, text, NO_SIMPLE_PATH);
  else if (!text.startsWith(`${parent}.`)) errors.invalid(path, text, `should be a json path under ${parent}`);
}

function checkColumns(columns: readonly apiextensions.CustomResourceColumnDefinition[] | undefined, path: FieldPath, errors: FieldErrors): void {
  for (const [index, { name, type, format, jsonPath }] of (columns ?? []).entries()) {
    const at = path.index(index);
    if (isEmpty(name)) errors.required(at.child('name'));
    if (isEmpty(type)) errors.required(at.child('type'), `must be one of ${COLUMN_TYPES.join(',')}`);
    else if (!COLUMN_TYPES.includes(type)) errors.invalid(at.child('type'), type, `must be one of ${COLUMN_TYPES.join(',')}`);
    if (format && !COLUMN_FORMATS.includes(format)) errors.invalid(at.child('format'), format, `must be one of ${COLUMN_FORMATS.join(',')}`);
    if (isEmpty(jsonPath)) errors.required(at.child('JSONPath'));
    else if (!jsonPath.startsWith('.')) errors.invalid(at.child('JSONPath'), jsonPath, NO_SIMPLE_PATH);
  }
}

export function checkNames(names: apiextensions.CustomResourceDefinitionNames, path: FieldPath, errors: FieldErrors): void {
  const lists = [names.shortNames, names.categories];
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    const name = names[field];
    const isKind = field === 'kind' || field === 'listKind';
    const problems = name ? isDns1035Label(isKind ? name.toLowerCase() : name) : [];
    const intro = isKind ? 'may have mixed case, but should otherwise match: ' : '';
    if (problems.length > 0) errors.invalid(path.child(field), name, intro + problems.join(','));
  }
  for (const [position, field] of ['shortNames', 'categories'].entries()) {
    if (position === 1 && names.kind && names.kind === names.listKind) {
      errors.invalid(path.child('listKind'), names.listKind, 'kind and listKind may not be the same');
    }
    for (const [index, name] of (lists[position] ?? []).entries()) {
      const problems = isDns1035Label(name);
      if (problems.length > 0) errors.invalid(path.child(field).index(index), name, problems.join(','));
    }
  }
}

function checkConversion(conversion: apiextensions.CustomResourceConversion | undefined, path: FieldPath, errors: FieldErrors): void {
  if (conversion === undefined) return;
  const { strategy = '', webhook } = conversion;
  if (strategy === '') errors.required(path.child('strategy'));
  else if (strategy !== 'None' && strategy !== 'Webhook') errors.notSupported(path.child('strategy'), strategy, ['None', 'Webhook']);
  const clientPath = path.child('webhookClientConfig');
  const versionsPath = path.child('conversionReviewVersions');
  const client = webhook?.clientConfig;
  const versions = webhook?.conversionReviewVersions ?? [];
  if (strategy !== 'Webhook') {
    if (client !== undefined) errors.forbidden(clientPath, 'should not be set when strategy is not set to Webhook');
    if (versions.length > 0) errors.forbidden(versionsPath, 'should not be set when strategy is not set to Webhook');
    return;
  }
  if (client === undefined) errors.required(clientPath, 'required when strategy is set to Webhook');
  else if ((client.url === undefined) === (client.service === undefined)) errors.required(clientPath, 'exactly one of url or service is required');
  else if (client.url !== undefined) checkWebhookUrl(client.url, clientPath.child('url'), errors);
  else if (client.service !== undefined) {
    const { name, namespace } = client.service;
    checkWebhookService({ ...client.service, name: namespace, namespace: name }, clientPath.child('service'), errors);
  }
  checkReviewVersions(versions, versionsPath, errors);
}

function checkReviewVersions(versions: readonly string[], path: FieldPath, errors: FieldErrors): void {
  if (versions.length === 0) {
    errors.required(path);
    return;
  }
  for (const [index, version] of versions.entries()) {
    if (versions.indexOf(version) < index) errors.invalid(path.index(index), version, 'duplicate version');
    else errors.invalidEach(path.index(index), version, isDns1035Label(version));
  }
  if (!versions.some((version) => REVIEW_VERSIONS.includes(version))) errors.invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`);
}

export function checkStoredVersions({ spec, status }: Definition, errors: FieldErrors): void {
  const path = STATUS_PATH.child('storedVersions');
  const stored = status?.storedVersions ?? [];
  if (stored.length === 0) {
    errors.invalid(path, null, 'must have at least one stored version');
    return;
  }
  const versions = spec.versions ?? [];
  const names = new Set(versions.map(({ name }) => name));
  for (const { name, storage } of versions) {
    if (storage && !stored.includes(name)) errors.invalid(path, stored, `must have the storage version ${name}`);
  }
  for (const [index, name] of stored.entries()) {
    if (names.has(name)) continue;
    const until = 'must remain in spec.versions until a storage migration ensures no data remains persisted in';
    const detail = `missing from spec.versions; ${name} was previously a storage version, and ${until} ${name} and removes ${name} from status.storedVersions`;
    errors.invalid(path.index(index), name, detail);
  }
}

type Approval = 'missing' | 'bypassed' | 'approved' | 'invalid';

function approvalOf({ metadata }: Definition): Approval {
  const text = metadata.annotations?.[APPROVAL] ?? '';
  if (text === '') return 'missing';
  if (text.startsWith('unapproved')) return 'bypassed';
  return URL.canParse(text) && new URL(text).host !== '' ? 'approved' : 'invalid';
}

/** Groups of the Kubernetes community need a sign that their reviewers have seen the API. */
export function checkApproval(next: Definition, previous: Definition | undefined, errors: FieldErrors): void {
  const group = `.${next.spec.group ?? ''}`;
  if (!group.endsWith('.k8s.io') && !group.endsWith('.kubernetes.io')) return;
  const approval = approvalOf(next);
  if (previous !== undefined && approvalOf(previous) === approval) return;
  const path = METADATA_PATH.child('annotations').key(APPROVAL);
  if (approval === 'missing') errors.required(path, `protected groups must have approval annotation "${APPROVAL}", see ${APPROVAL_URL}`);
  if (approval === 'invalid') {
    const detail = `protected groups must have approval annotation "${APPROVAL}" with either a URL or a reason starting with "unapproved", see ${APPROVAL_URL}`;
    errors.invalid(path, next.metadata.annotations?.[APPROVAL], detail);
  }
}

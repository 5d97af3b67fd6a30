import type * as apiextensions from '../../../../kube/api/generated/apiextensions/v1.ts';
import { celLibrary } from '../../cel/cel-environment.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import { SPEC_PATH, STATUS_PATH } from '../validation/field-path.ts';
import { checkImmutable, isEmpty } from '../validation/values.ts';
import { checkApproval, checkDefinition, checkDefinitionName, checkNames, checkStoredVersions } from './crd-validation.ts';
import { unrecognizedFormats } from './schema-validation.ts';

type Definition = apiextensions.CustomResourceDefinition;
const NO_NAMES = { plural: '', kind: '' };
const DEFAULT_WEBHOOK_PORT = 443;

/** Upstream: apiextensions-apiserver, pkg/registry/customresourcedefinition. */
export const customResourceDefinitionStrategy = buildStrategy<Definition>({
  namespaced: false,
  generation: true,
  allowUnconditionalUpdate: false,
  recheckOnUpdate: false,
  defaults: applyDefaults,
  prepareForCreate: (definition) => withStorageVersion({ ...definition, status: emptyStatus() }),
  check(definition, errors) {
    checkDefinitionName(definition, errors);
    checkDefinition(definition, errors, { library: celLibrary() });
    checkStoredVersions(definition, errors);
    checkApproval(definition, undefined, errors);
  },
  warnings: unrecognizedFormatWarnings,
  prepareForUpdate: (next) => withStorageVersion(next),
  checkUpdate(next, previous, errors) {
    checkDefinition(next, errors, { library: celLibrary(), previous });
    const { spec } = next;
    if (isEstablished(previous)) {
      checkImmutable(spec.scope, previous.spec.scope, SPEC_PATH.child('scope'), errors);
      checkImmutable(spec.names.kind, previous.spec.names.kind, SPEC_PATH.child('names').child('kind'), errors);
    }
    checkImmutable(spec.group, previous.spec.group, SPEC_PATH.child('group'), errors);
    checkImmutable(spec.names.plural, previous.spec.names.plural, SPEC_PATH.child('names').child('plural'), errors);
    checkNames(next.status?.acceptedNames ?? NO_NAMES, STATUS_PATH.child('acceptedNames'), errors);
    checkStoredVersions(next, errors);
    checkApproval(next, previous, errors);
  },
  status: { check: ({ status }, _previous, errors) => checkNames(status?.acceptedNames ?? NO_NAMES, STATUS_PATH.child('acceptedNames'), errors) },
});

function applyDefaults(definition: Definition): void {
  const { spec } = definition;
  if (spec?.names === undefined) return;
  const { names } = spec;
  if (isEmpty(names.singular) && names.kind) names.singular = names.kind.toLowerCase();
  if (isEmpty(names.listKind) && names.kind) names.listKind = `${names.kind}List`;
  spec.conversion ??= { strategy: 'None' };
  const { webhook } = spec.conversion;
  // Upstream's internal type has the two parts beside each other, and makes a webhook of them when there is one.
  if (webhook !== undefined && isNothing(webhook.clientConfig) && isEmpty(webhook.conversionReviewVersions)) delete spec.conversion.webhook;
  if (isEmpty(definition.status?.storedVersions)) definition.status = withStorageVersion(definition).status;
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service !== undefined) service.port ??= DEFAULT_WEBHOOK_PORT;
}

/** Of an update: those that it brings. */
function unrecognizedFormatWarnings(next: Definition, previous: Definition | undefined): readonly string[] {
  const formatsOf = (definition: Definition | undefined): readonly string[] => (definition?.spec.versions ?? []).flatMap(({ schema }) => unrecognizedFormats(schema?.openAPIV3Schema));
  const before = new Set(formatsOf(previous));
  return formatsOf(next).filter((format) => !before.has(format)).map((format) => `unrecognized format ${JSON.stringify(format)}`);
}

function emptyStatus(): apiextensions.CustomResourceDefinitionStatus {
  const conditions = null as unknown as apiextensions.CustomResourceDefinitionCondition[];
  return { conditions, acceptedNames: { ...NO_NAMES }, storedVersions: [] };
}

/** Remembers that objects may have been stored in the version that they are stored in now. */
function withStorageVersion(definition: Definition): Definition {
  const stored = definition.spec.versions?.find(({ storage }) => storage)?.name;
  const status = definition.status ?? emptyStatus();
  if (stored === undefined || status.storedVersions?.includes(stored)) return { ...definition, status };
  return { ...definition, status: { ...status, storedVersions: [...(status.storedVersions ?? []), stored] } };
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}

function isEstablished({ status }: Definition): boolean {
  return (status?.conditions ?? []).some(({ type, status: value }) => type === 'Established' && value === 'True');
}

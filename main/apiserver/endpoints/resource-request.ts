import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { parseApiVersion } from '../../../kube/apimachinery/gvr.ts';
import { fieldNotSupported } from '../../../kube/apimachinery/field-error.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { deepCopy } from '../../../kube/apimachinery/json.ts';
import { newBadRequest, newInvalid } from '../../../kube/apimachinery/status-errors.ts';
import type { RequestForm } from '../admission/request-form.ts';
import type { AdmissionAttributes, AdmissionChain } from '../admission/admission.ts';
import { isValidPathSegmentName } from '../../../kube/apimachinery/name-validation.ts';
import type { ServedResource } from '../registry/catalog.ts';
import { schemaOfKind } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import { decodeCustomResource } from '../customresources/custom-version.ts';
import { validateFieldManager } from '../registry/generic/object-meta-validation.ts';
import type { Registry, WriteContext } from '../registry/generic/registry.ts';
import type { ObjectName } from '../storage/object-storage.ts';
import type { Media } from './media.ts';
import { toStorageVersion } from './versioned.ts';
import { addWarning, type RequestContext } from './request.ts';
import type { AlternativeVersion } from '../registry/generic/resource-definition.ts';
import type { TablePrinter } from './table-printer.ts';

/** A request to a stored resource, with all that its endpoint needs. */
export interface ResourceRequest {
  readonly context: RequestContext;
  readonly served: ServedResource;
  readonly registry: Registry;
  readonly admission: AdmissionChain;
  readonly clock: Clock;
  /** What the answer is written as. */
  readonly media: Media;
  /** Of a patch: its media type. */
  readonly patchType?: string;
  /** Absent: no Tables. */
  readonly tables: TablePrinter | undefined;
}

export function nameTarget({ context: { info } }: ResourceRequest): ObjectName {
  const problems = isValidPathSegmentName(info.name);
  if (problems.length > 0) throw newBadRequest(`Name parameter invalid: ${JSON.stringify(info.name)}: ${problems.join(';')}`);
  return info.namespace === '' ? { name: info.name } : { namespace: info.namespace, name: info.name };
}

/** A request to a namespaced resource through the cluster-wide path can only list and watch. */
export function isScopeRight({ context: { info }, served }: Pick<ResourceRequest, 'context' | 'served'>): boolean {
  return served.info.namespaced || info.namespace === '' || served.info.resource === 'namespaces';
}

export function writeContextOf(request: ResourceRequest, options: { readonly dryRun: boolean }): WriteContext {
  const { context, served } = request;
  return {
    user: context.user,
    dryRun: options.dryRun,
    version: served.info.version,
    group: served.info.group,
    warnings: context.warnings,
    ...(context.info.subresource === '' ? {} : { subresource: context.info.subresource }),
    ...(context.audit ? { wrote: (elapsedMs) => context.audit?.took('etcd', elapsedMs) } : {}),
  };
}

/** CreateOptions, UpdateOptions and PatchOptions of the query. */
export interface WriteQuery {
  readonly dryRun: boolean;
  readonly fieldManager: string | undefined;
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
  readonly force: boolean | undefined;
}

const FIELD_VALIDATIONS = ['', 'Ignore', 'Strict', 'Warn'];

export function writeQueryOf({ context: { request: { query } } }: ResourceRequest, kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'): WriteQuery {
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const fieldManager = query.get('fieldManager') || undefined;
  const fieldValidation = query.get('fieldValidation') ?? '';
  const force = query.get('force');
  const errors = [
    ...(fieldManager ? validateFieldManager(fieldManager, 'fieldManager') : []),
    ...(dryRun.every((value) => value === 'All') ? [] : [fieldNotSupported('dryRun', dryRun, ['All'])]),
    ...(FIELD_VALIDATIONS.includes(fieldValidation) ? [] : [fieldNotSupported('fieldValidation', fieldValidation, FIELD_VALIDATIONS)]),
  ];
  if (errors.length > 0) throw newInvalid({ group: 'meta.k8s.io', kind }, '', errors);
  return {
    dryRun: dryRun.length > 0,
    fieldManager,
    fieldValidation: fieldValidation === '' ? 'Warn' : (fieldValidation as WriteQuery['fieldValidation']),
    force: force === null ? undefined : force !== 'false' && force !== '0',
  };
}

export function admissionAttributes<T extends KubernetesObject>(
  request: ResourceRequest,
  what: { readonly operation: AdmissionAttributes['operation']; readonly object?: T; readonly oldObject?: T; readonly dryRun: boolean; readonly options?: unknown },
): AdmissionAttributes<T> {
  const { context, served } = request;
  const { info, user } = context;
  const kind = served.subresources.get(info.subresource)?.kind ?? served.info;
  const name = info.name || what.object?.metadata.name || '';
  return {
    ...what,
    options: optionsOf(request, what),
    group: info.apiGroup,
    version: info.apiVersion,
    resource: info.resource,
    subresource: info.subresource,
    kind,
    // A namespace that is made is in itself.
    namespace: info.namespace === '' && what.operation === 'CREATE' && isNamespaces(served) ? name : info.namespace,
    name,
    user,
    warn: (text) => addWarning(context, text),
    annotate: (key, value, level) => context.audit?.annotate(key, value, level),
    took(layer, elapsedMs) {
      const webhooks = (context.webhooks ??= { mutatingMs: 0, validatingMs: 0 });
      if (layer === 'mutating-webhook') webhooks.mutatingMs += elapsedMs;
      else webhooks.validatingMs = Math.max(webhooks.validatingMs, elapsedMs);
      context.audit?.took(layer, elapsedMs);
    },
    normalize: (object) => normalized(request, object),
    ...(served.alternative ? { form: requestFormOf(request, served.alternative) } : {}),
  };
}

function requestFormOf(request: ResourceRequest, alternative: AlternativeVersion): RequestForm {
  const { apiVersion, info: { kind } } = request.served;
  return {
    show: (object) => (object.kind !== kind || object.apiVersion === apiVersion ? object : alternative.fromStorage(object)),
    take: (object) => (object.kind !== kind || object.apiVersion !== apiVersion ? object : toStorageVersion(request, deepCopy(object))),
  };
}

function isNamespaces({ info: { group, resource } }: ServedResource): boolean {
  return group === '' && resource === 'namespaces';
}

/** What the request says of itself, as an object of meta.k8s.io/v1. */
function optionsOf({ context: { request: { query } } }: ResourceRequest, { operation, options }: { readonly operation: AdmissionAttributes['operation']; readonly options?: unknown }): unknown {
  const type = (kind: string) => ({ kind, apiVersion: 'meta.k8s.io/v1' });
  if (operation === 'DELETE') return { ...type('DeleteOptions'), ...(options as object) };
  if (operation === 'CONNECT') return options;
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const [fieldManager, fieldValidation] = [query.get('fieldManager'), query.get('fieldValidation')];
  return {
    ...type(operation === 'CREATE' ? 'CreateOptions' : 'UpdateOptions'),
    ...(dryRun.length > 0 ? { dryRun } : {}), ...(fieldManager ? { fieldManager } : {}), ...(fieldValidation ? { fieldValidation } : {}),
  };
}

/** As if the object had been sent: without unknown fields, with defaults. */
function normalized({ served }: ResourceRequest, object: KubernetesObject): KubernetesObject {
  if (served.custom && object.kind === served.info.kind) return decodeCustomResource(served.custom, { ...object }).object;
  const schema = schemaOfKind({ ...parseApiVersion(object.apiVersion), kind: object.kind });
  const typed = schema === undefined ? object : ({ ...toTyped(schema, { ...object }), apiVersion: object.apiVersion, kind: object.kind } as KubernetesObject);
  const definition = served.registry?.definition;
  if (object.kind !== definition?.resource.kind) return typed;
  if (served.alternative && object.apiVersion === served.apiVersion) served.alternative.applyDefaults?.(typed);
  else definition.strategy.applyDefaults?.(typed);
  return typed;
}

/** The namespace and name that a body may leave out, and must not contradict. */
export function checkBodyIdentity(object: KubernetesObject, request: ResourceRequest): void {
  checkBodyNamespace(object, request);
  const { metadata } = object;
  const { info } = request.context;
  if (info.name === '') return;
  if (!metadata.name) throw newBadRequest(`the name of the object (${info.name} based on URL) was undeterminable: name must be provided`);
  if (metadata.name !== info.name) throw newBadRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${info.name})`);
}

/** Upstream: EnsureObjectNamespaceMatchesRequestNamespace. */
export function checkBodyNamespace({ metadata }: KubernetesObject, { context: { info }, served }: Pick<ResourceRequest, 'context' | 'served'>): void {
  if (served.info.namespaced) {
    if (!metadata.namespace) metadata.namespace = info.namespace;
    else if (metadata.namespace !== info.namespace) {
      throw newBadRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
  } else {
    delete metadata.namespace;
  }
}

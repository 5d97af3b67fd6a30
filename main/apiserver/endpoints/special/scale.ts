import type { Scale } from '../../../../kube/api/generated/autoscaling/v1.ts';
import { findResource } from '../../../../kube/api/inventory.ts';
import { fieldInvalid } from '../../../../kube/apimachinery/field-error.ts';
import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import { isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { formatLabelSelectorSpec } from '../../../../kube/apimachinery/label-selector.ts';
import { parseApiVersion } from '../../../../kube/apimachinery/gvr.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { type GroupResource, newConflict, newInternalError, newInvalid, newNotFound } from '../../../../kube/apimachinery/status-errors.ts';
import { type ObjectSchema, schemaOfKind } from '../../../../kube/api/schema.ts';
import { toTyped } from '../../../../kube/api/typed-object.ts';
import { customScalePrinter } from '../../customresources/printer-columns.ts';
import { jsonHead } from '../../storage/json-head.ts';
import { serverSideApply, trackUpdate } from '../../patch/apply/field-manager.ts';
import type { Fields, FieldScope } from '../../patch/apply/field-scope.ts';
import { APPLY_PATCH_MEDIA_TYPE, type PatchMediaType } from '../../patch/apply-patch.ts';
import { checkDuplicates, managerOfApply, readApplied } from '../apply.ts';
import { managerOf } from '../field-tracking.ts';
import type { ServedResource } from '../../registry/catalog.ts';
import type { ScaleStrategy, Strategy } from '../../registry/generic/strategy.ts';
import { answerObject } from '../answer.ts';
import { readObject } from '../body.ts';
import type { SpecialRequest } from '../dispatch.ts';
import { patched, patchOptionsOf } from '../patch.ts';
import { bodyOf, type ApiResponse } from '../request.ts';
import { checkBodyIdentity, nameTarget, writeQueryOf, type ResourceRequest, type WriteQuery } from '../resource-request.ts';
import { writeChange } from '../update.ts';
import { parentEntriesOf, scaleEntriesOf, type ScaledObject } from './scale-ownership.ts';

const SCALE_KIND = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

const REPLICAS_PATH = ['spec', 'replicas'];
const scaleScope: FieldScope = { kind: SCALE_KIND, subresource: 'scale', ...schemaPart(schemaOfKind(SCALE_KIND)) };

/** GET, PUT and PATCH of deployments/scale and its like: the object becomes a Scale, the Scale is changed, and the object takes over its replicas. */
export async function scaleEndpoint(special: SpecialRequest): Promise<ApiResponse> {
  const request = special as ResourceRequest;
  const { context, registry } = request;
  const target = nameTarget(request);
  if (context.info.verb === 'get') return readScale(request, (await registry.storage.get(target)).object);
  const { query, wanted, preconditionUid } = await (context.info.verb === 'patch' ? patchOf(request) : updateOf(request));
  const result = await writeChange(request, query, {
    target,
    isTracked: true,
    shown: { of: (object) => scaleOf(request, object), into: (object, scale) => scaledTo(request, object, scale as Scale) },
    ...(preconditionUid ? { preconditionUid } : {}),
    change(current) {
      if (!current) throw newNotFound(registry.resource, target.name);
      const scale = wanted(ownedScaleOf(request, current));
      checkBodyIdentity(scale, request);
      validateScale(scale, current, registry.resource);
      return scaled(request, current, scale);
    },
  });
  return answerScale(request, result.object);
}

/** Upstream knows no Scale of an object that does not say how many replicas it wants, but lets it be written. */
function readScale(request: ResourceRequest, object: KubernetesObject): ApiResponse {
  const { missing } = strategyOf(request.registry.definition.strategy).replicas(object);
  if (missing !== undefined) throw newInternalError(new Error(`the spec replicas field ${goQuote(missing)} does not exist`));
  return answerScale(request, object);
}

interface Change {
  readonly query: WriteQuery;
  readonly preconditionUid?: string;
  /** From the Scale of the stored object, with its owners, to the Scale that the client wants. */
  readonly wanted: (current: Scale) => Scale;
}

async function updateOf(request: ResourceRequest): Promise<Change> {
  const query = writeQueryOf(request, 'UpdateOptions');
  const object = await readObject(request.context, { expected: SCALE_KIND, fieldValidation: query.fieldValidation });
  checkBodyIdentity(object, request);
  const { uid } = object.metadata;
  return { query, ...(uid ? { preconditionUid: uid } : {}), wanted: (current) => trackedScale(request, query, { current, next: object as Scale }) };
}

async function patchOf(request: ResourceRequest): Promise<Change> {
  const { context } = request;
  const { mediaType, query } = patchOptionsOf(request);
  if (mediaType === APPLY_PATCH_MEDIA_TYPE) return { query, wanted: await applyOf(request, query) };
  const text = Buffer.from(await bodyOf(context)).toString('utf8');
  context.audit?.requestPatch(text);
  const patch = { text, mediaType: mediaType as PatchMediaType };
  const served = scaleServed();
  return { query, wanted: (current) => trackedScale(request, query, { current, next: patched({ context, served }, query, { ...patch, current }) as Scale }) };
}

async function applyOf(request: ResourceRequest, query: WriteQuery): Promise<Change['wanted']> {
  const manager = managerOfApply(query);
  const applied = await readApplied(request);
  return (current) => {
    const input = { live: current as unknown as Fields, applied: applied.fields, manager, force: query.force ?? false, nowMs: request.clock.now() };
    const next = serverSideApply(scaleScope, input);
    checkDuplicates(request, query, applied.duplicates);
    return (scaleScope.schema ? toTyped(scaleScope.schema, next) : next) as unknown as Scale;
  };
}

function trackedScale(request: ResourceRequest, query: WriteQuery, { current, next }: { readonly current: Scale; readonly next: Scale }): Scale {
  const input = { live: current as unknown as Fields, next: next as unknown as Fields, manager: managerOf(request, query), nowMs: request.clock.now() };
  return trackUpdate(scaleScope, input) as unknown as Scale;
}

function ownedScaleOf(request: ResourceRequest, current: KubernetesObject): Scale {
  const scale = scaleOf(request, current);
  const managedFields = scaleEntriesOf(scaledObject(request, current));
  return managedFields ? { ...scale, metadata: { ...scale.metadata, managedFields } } : scale;
}

function scaled(request: ResourceRequest, current: KubernetesObject, scale: Scale): KubernetesObject {
  const next = strategyOf(request.registry.definition.strategy).withReplicas(current, scale.spec?.replicas ?? 0);
  const { managedFields: _before, ...metadata } = next.metadata;
  const managedFields = parentEntriesOf(scaledObject(request, current), scale.metadata.managedFields);
  // A custom resource must have a version to be updated: upstream's Scale brings one only if it has one.
  const known = request.served.custom ? current.metadata.resourceVersion : undefined;
  return { ...next, metadata: { ...metadata, resourceVersion: scale.metadata.resourceVersion || (known ?? ''), ...(managedFields ? { managedFields } : {}) } };
}

/** What admission has made of the number of replicas; nothing else of a Scale can be changed. */
function scaledTo({ registry }: ResourceRequest, object: KubernetesObject, { spec }: Scale): KubernetesObject {
  return strategyOf(registry.definition.strategy).withReplicas(object, spec?.replicas ?? 0);
}

function scaledObject({ served, registry }: ResourceRequest, { metadata: { managedFields } }: KubernetesObject): ScaledObject {
  const path = strategyOf(registry.definition.strategy).replicasPath?.() ?? REPLICAS_PATH;
  const { group } = served.info;
  return { entries: managedFields, apiVersion: served.apiVersion, pathIn: (apiVersion) => (parseApiVersion(apiVersion).group === group ? path : undefined) };
}

function schemaPart(schema: ObjectSchema | undefined): Pick<FieldScope, 'schema'> {
  return schema ? { schema } : {};
}

function scaleServed(): ServedResource {
  const base = findResource('apps', 'v1', 'deployments');
  if (!base) throw new Error('Cannot build the scale endpoint: deployments are not in the inventory');
  const info = { ...base, ...SCALE_KIND, subresources: [] };
  return { info, apiVersion: 'autoscaling/v1', head: jsonHead({ apiVersion: 'autoscaling/v1', kind: 'Scale' }), subresources: new Map(), fieldNames: new Set(), fieldScopes: new Map() };
}

function answerScale(request: ResourceRequest, object: KubernetesObject): ApiResponse {
  const ofCustom = request.served.custom ? { printer: customScalePrinter(), goType: 'v1.Scale' } : {};
  return answerObject({ ...request, served: { ...scaleServed(), ...ofCustom } }, scaleOf(request, object));
}

function scaleOf({ registry }: ResourceRequest, object: KubernetesObject): Scale {
  const { spec, status, selector } = strategyOf(registry.definition.strategy).replicas(object);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    kind: 'Scale', apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}), ...(creationTimestamp ? { creationTimestamp } : {}) },
    spec: spec === 0 ? {} : { replicas: spec },
    status: { replicas: status, ...(selector ? { selector } : {}) },
  };
}

function validateScale(scale: Scale, current: KubernetesObject, resource: GroupResource): void {
  const replicas = scale.spec?.replicas ?? 0;
  if (replicas < 0) throw newInvalid(SCALE_KIND, current.metadata.name, [fieldInvalid('spec.replicas', replicas, 'must be greater than or equal to 0')]);
  const { uid } = scale.metadata;
  if (!uid || uid === current.metadata.uid) return;
  const message = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid ?? ''}`;
  throw newConflict({ group: resource.group, resource: `${resource.resource}/scale` }, current.metadata.name, message);
}

function strategyOf(strategy: Strategy): ScaleStrategy<KubernetesObject> {
  return strategy.scale ?? replicasInSpec;
}

/** Where every built-in workload keeps them. */
const replicasInSpec: ScaleStrategy<KubernetesObject> = {
  replicas(object) {
    const { spec, status } = object as { spec?: { replicas?: number; selector?: unknown }; status?: { replicas?: number } };
    const selector = spec?.selector;
    const isMap = isJsonObject(selector) && !('matchLabels' in selector) && !('matchExpressions' in selector);
    const text = isMap ? formatLabelSelectorSpec({ matchLabels: selector as Record<string, string> }) : formatLabelSelectorSpec(selector as never);
    return { spec: spec?.replicas ?? 0, status: status?.replicas ?? 0, selector: text };
  },
  withReplicas(object, replicas) {
    const { spec } = object as { spec?: object };
    return { ...object, spec: { ...spec, replicas } } as KubernetesObject;
  },
};

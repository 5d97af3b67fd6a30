import { schemaOfKind } from '../../../kube/api/schema.ts';
import { parseApiVersion, apiVersionOf } from '../../../kube/apimachinery/gvr.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { managerFromUserAgent, trackUpdate } from '../patch/apply/field-manager.ts';
import type { Fields, FieldScope } from '../patch/apply/field-scope.ts';
import { resetFieldsOfEndpoint } from '../patch/apply/reset-fields.ts';
import type { CustomVersion } from '../customresources/custom-version.ts';
import { withoutNulls } from '../patch/apply/without-nulls.ts';
import type { ServedResource } from '../registry/catalog.ts';
import { inVersion } from './answer.ts';
import type { ResourceRequest, WriteQuery } from './resource-request.ts';

export function fieldScopeOf({ served, context: { info: { subresource } } }: Pick<ResourceRequest, 'served' | 'context'>): FieldScope {
  let scope = served.fieldScopes.get(subresource);
  if (!scope) served.fieldScopes.set(subresource, (scope = newScope(served, subresource)));
  return scope;
}

function newScope(served: ServedResource, subresource: string): FieldScope {
  const { group, version, kind, resource } = served.info;
  const { custom } = served;
  const schema = custom ? undefined : schemaOfKind({ group, version, kind });
  const hasStatus = served.subresources.has('status');
  const resetFields = custom && subresource === 'status' ? allButStatus(custom) : resetFieldsOfEndpoint({ group, resource, subresource, hasStatus });
  const convert = (object: Fields, apiVersion: string): Fields | undefined => convertTo(served, object, apiVersion);
  const ofSchema = custom ? { type: custom.mergeType, typeIn: (apiVersion: string) => custom.mergeTypes.get(apiVersion) } : {};
  return { kind: { group, version, kind }, resetFields, convert, ...ofSchema, ...(subresource === '' ? {} : { subresource }), ...(schema ? { schema } : {}) };
}

/** A write of a custom resource's status owns nothing else. */
function allButStatus({ schema }: CustomVersion): readonly (readonly string[])[] {
  const names = new Set(['apiVersion', 'kind', 'metadata', 'spec', ...Object.keys(schema.properties ?? {})]);
  return [...names].filter((name) => name !== 'status').map((name) => [name]);
}

/** Between the served versions of one kind; undefined for a version that is not served. */
function convertTo({ alternative, registry, conversions, custom, info }: ServedResource, object: Fields, apiVersion: string): Fields | undefined {
  // Events are of two groups, and upstream converts within one.
  if (!registry || parseApiVersion(apiVersion).group !== info.group) return undefined;
  const { resource, alternatives } = registry.definition;
  const outside = object as unknown as KubernetesObject;
  if (custom && !custom.mergeTypes.has(apiVersion)) return undefined;
  if (conversions) return conversions.get(outside, apiVersion) as unknown as Fields;
  if (custom) return { ...object, apiVersion };
  const inside = alternative ? alternative.toStorage(outside) : outside;
  if (apiVersion === apiVersionOf(resource)) return inside as unknown as Fields;
  const wanted = alternatives?.find((candidate) => apiVersionOf(candidate.resource) === apiVersion) ?? (alternative && apiVersionOf(alternative.resource) === apiVersion ? alternative : undefined);
  return wanted?.fromStorage(inside) as unknown as Fields | undefined;
}

export function managerOf({ context }: Pick<ResourceRequest, 'context'>, { fieldManager }: Pick<WriteQuery, 'fieldManager'>): string {
  return fieldManager ?? managerFromUserAgent(context.request.headers['user-agent'] ?? '');
}

/** The wanted object with the managedFields of this write; before admission, which owns nothing. Objects are in the stored version. */
export function tracked(
  request: ResourceRequest, query: Pick<WriteQuery, 'fieldManager'>,
  { next, live }: { readonly next: KubernetesObject; readonly live: KubernetesObject | undefined },
): KubernetesObject {
  const { served } = request;
  const result = trackUpdate(fieldScopeOf(request), {
    live: live && fieldsOf(served, live),
    next: fieldsOf(served, next),
    manager: managerOf(request, query),
    nowMs: request.clock.now(),
  }) as { metadata: KubernetesObject['metadata'] };
  const metadata = { ...next.metadata };
  delete metadata.managedFields;
  if (result.metadata.managedFields) metadata.managedFields = result.metadata.managedFields;
  return { ...next, metadata };
}

/** In the version of the request, without the nulls that Go writes for absent lists. */
export function fieldsOf(served: ServedResource, object: KubernetesObject): Fields {
  const fields = inVersion(served, object);
  return (served.custom ? fields : withoutNulls(fields)) as unknown as Fields;
}

import { failureStatus, StatusError } from '../../../kube/apimachinery/status.ts';
import { newBadRequest, newMethodNotSupported, newNotFound, newResourceNotServed } from '../../../kube/apimachinery/status-errors.ts';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { AdmissionChain } from '../admission/admission.ts';
import { LOG_TYPES } from '../negotiation/media-type.ts';
import type { ResourceCatalog, ServedResource } from '../registry/catalog.ts';
import type { Registry } from '../registry/generic/registry.ts';
import { createObject } from './create.ts';
import { deleteCollection } from './delete-collection.ts';
import { deleteObject } from './delete.ts';
import { getObject } from './get.ts';
import { listObjects } from './list.ts';
import { mediaOf, type Media } from './media.ts';
import { patchMediaTypeOf, patchObject } from './patch.ts';
import { addWarning, type ApiResponse, type RequestContext } from './request.ts';
import { pathNotFound } from './respond.ts';
import { withRequestedNames } from './requested-names.ts';
import type { ResourceRequest } from './resource-request.ts';
import type { TablePrinter } from './table-printer.ts';
import { scaleEndpoint } from './special/scale.ts';
import { updateObject } from './update.ts';
import { watchObjects } from './watch.ts';

/** A request to something with an endpoint of its own: a subresource, or a resource that is not stored. */
export type SpecialRequest = Omit<ResourceRequest, 'registry'> & { readonly registry: Registry | undefined };
export type SpecialEndpoint = (request: SpecialRequest) => Promise<ApiResponse>;

export interface DispatchOptions {
  readonly tables: TablePrinter | undefined;
  readonly catalog: ResourceCatalog;
  readonly admission: AdmissionChain;
  readonly clock: Clock;
  /** By `plural[.group]` for what is not stored, `plural[.group]/subresource` for subresources. */
  readonly special: ReadonlyMap<string, SpecialEndpoint>;
}

/** What every request to a deprecated resource is told (upstream: prerelease-lifecycle of k8s.io/api). */
const DEPRECATED: Readonly<Record<string, string>> = {
  'v1 endpoints': 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  'v1 componentstatuses': 'v1 ComponentStatus is deprecated in v1.19+',
};

type Endpoint = (request: ResourceRequest) => Promise<ApiResponse>;
const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  get: getObject, list: listObjects, watch: watchObjects, create: createObject, update: updateObject,
  patch: patchObject, delete: deleteObject, deletecollection: deleteCollection,
};
/** What needs the path of one object: reviews and bindings, which are only made, have none. */
const NAMED_VERBS: ReadonlySet<string> = new Set(['get', 'update', 'patch', 'delete']);
/** The part after these is a path of the target's own. */
const PATH_SUBRESOURCES = new Set(['proxy']);
/** Subresources of objects that upstream prints no columns of. */
const WITHOUT_TABLES = new Set(['pods/ephemeralcontainers', 'pods/resize', 'certificatesigningrequests.certificates.k8s.io/approval']);
/** These answer whatever the other side sends. */
const STREAMED_SUBRESOURCES = new Set(['log', 'proxy', 'exec', 'attach', 'portforward']);

export function methodNotAllowed(): StatusError {
  const message = 'the server does not allow this method on the requested resource';
  return new StatusError(failureStatus({ code: 405, reason: 'MethodNotAllowed', message, details: {} }));
}

/** Finds the endpoint of a resource request and runs it; throws StatusErrors. */
export async function dispatchResource(options: DispatchOptions, context: RequestContext): Promise<ApiResponse> {
  const { info } = context;
  const served = options.catalog.find(info.apiGroup, info.apiVersion, info.resource);
  if (!served) {
    if (options.catalog.isBuiltIn(info.apiGroup)) throw newResourceNotServed();
    return pathNotFound();
  }
  const { custom } = served;
  if (custom && !isInScope(info, served)) return pathNotFound();
  if (custom && info.subresource !== '' && !served.subresources.has(info.subresource)) throw newNotFound(served.info, info.name);
  const deprecation = custom ? custom.deprecation : DEPRECATED[`${served.apiVersion} ${served.info.resource}`];
  checkShape(context, served);
  const isPatch = info.verb === 'patch' && !STREAMED_SUBRESOURCES.has(info.subresource);
  // Routes of built-in resources are chosen by the type of a patch, before anything is told of the resource.
  const typeOfRoute = isPatch && !custom ? patchMediaTypeOf(context, served) : undefined;
  if (deprecation) {
    addWarning(context, deprecation);
    context.deprecated = true;
    context.audit?.annotate('k8s.io/deprecated', 'true');
  }
  if (!canWatch(context, served)) {
    mediaOf(context.request, { canWatch: true });
    throw newMethodNotSupported(served.info, 'watch');
  }
  const key = keyOf(served);
  const special = custom && info.subresource === 'scale' ? scaleEndpoint : options.special.get(info.subresource === '' ? key : `${key}/${info.subresource}`);
  const { admission, clock, tables } = options;
  const { registry } = served;
  const type = typeOfRoute ?? (isPatch ? patchMediaTypeOf(context, served) : undefined);
  const patchType = type === undefined ? {} : { patchType: type };
  if (special) return special({ context, served, registry, admission, clock, tables, ...patchType, media: specialMedia(context, { hasTables: tables !== undefined, isCustom: custom !== undefined }) });
  const endpoint = ENDPOINTS[info.verb];
  if (!registry || !endpoint) throw methodNotAllowed();
  const streams = info.verb === 'list' || info.verb === 'watch';
  const hasTables = tables !== undefined && !WITHOUT_TABLES.has(`${key}/${info.subresource}`);
  const media = mediaOf(context.request, { canWatch: streams, watch: info.verb === 'watch', tables: hasTables, protobuf: !custom, routed: !custom });
  try {
    return await endpoint({ context, served, registry, admission, clock, tables, ...patchType, media });
  } catch (error) {
    throw withRequestedNames(error, served);
  }
}

function specialMedia({ info, request }: RequestContext, { hasTables, isCustom }: { readonly hasTables: boolean; readonly isCustom: boolean }): Media {
  if (info.subresource === 'log') mediaOf(request, { produces: LOG_TYPES, tables: false });
  if (STREAMED_SUBRESOURCES.has(info.subresource)) return 'json';
  const isComponent = info.resource === 'componentstatuses';
  return mediaOf(request, { canWatch: isComponent && info.verb === 'list', tables: (info.subresource === 'scale' || isComponent) && hasTables, protobuf: !isCustom });
}

/** Custom resources have no routes of their own: upstream looks at the scope and passes on what is out of it. */
function isInScope({ namespace, verb }: RequestContext['info'], { info: { namespaced } }: ServedResource): boolean {
  return namespaced ? namespace !== '' || verb === 'list' || verb === 'watch' : namespace === '';
}

function keyOf({ info: { group, resource } }: ServedResource): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** A watch is a list by its path; whether there can be one is known only behind it. */
function canWatch({ info }: Pick<RequestContext, 'info'>, { info: { verbs } }: ServedResource): boolean {
  return info.verb !== 'watch' || info.subresource !== '' || verbs.includes('watch');
}

/** Whether the path exists (404) and takes the method (405). */
function checkShape(context: RequestContext, served: ServedResource): void {
  const { info, request } = context;
  if (!hasRoute(context, served)) throw newResourceNotServed();
  if (info.subresource === '') {
    checkMethod(context, served);
    return;
  }
  // What is passed on may have any method.
  if (info.subresource === 'proxy' && (request.method === 'HEAD' || request.method === 'OPTIONS')) return;
  const verb = request.method === 'HEAD' ? 'head' : request.method === 'DELETE' ? 'delete' : info.verb;
  const subresource = served.subresources.get(info.subresource);
  const takes = (one: string): boolean => ((subresource?.verbs ?? []) as readonly string[]).includes(one);
  if (served.custom && !takes(info.verb)) throw newMethodNotSupported(served.info, info.verb);
  if (!served.custom && !takes(verb)) throw methodNotAllowed();
}

/** Whether any method is served there. */
function hasRoute({ info }: RequestContext, { info: resource, subresources }: ServedResource): boolean {
  const { namespaced, verbs } = resource;
  const named = info.parts.length > 1;
  const isNamespaces = resource.resource === 'namespaces' && resource.group === '';
  if (!namespaced && info.namespace !== '' && !isNamespaces) return false;
  if (namespaced && info.namespace === '' && info.name !== '' && named) return false;
  if (info.subresource !== '') return subresources.has(info.subresource) && (info.parts.length <= 3 || PATH_SUBRESOURCES.has(info.subresource));
  if (named) return verbs.some((verb) => NAMED_VERBS.has(verb));
  return !namespaced || info.namespace !== '' || verbs.includes('list');
}

function checkMethod({ info, request }: RequestContext, served: ServedResource): void {
  const { namespaced, verbs } = served.info;
  if (request.method === 'HEAD' && !served.custom) throw methodNotAllowed();
  // Upstream serves custom resources by one handler for all methods, which does not know these.
  if (served.custom && info.verb === '') throw newMethodNotSupported(served.info, '');
  if (served.custom && info.name === '' && (info.verb === 'update' || info.verb === 'patch')) {
    if (info.verb === 'patch') patchMediaTypeOf({ request }, served);
    throw newBadRequest('name must be provided');
  }
  if (info.verb === 'watch' && request.method !== 'GET' && !served.custom) throw methodNotAllowed();
  const named = info.parts.length > 1;
  const wrongPlace = (info.verb === 'create') === named && (info.verb === 'create' || info.verb === 'update' || info.verb === 'patch');
  const needsNamespace = namespaced && info.namespace === '' && (info.verb === 'create' || info.verb === 'deletecollection');
  if (wrongPlace || (!named && (info.verb === 'update' || info.verb === 'patch')) || needsNamespace) throw methodNotAllowed();
  const verb = canWatch({ info }, served) ? info.verb : 'list';
  if (!(verbs as readonly string[]).includes(verb)) throw methodNotAllowed();
}

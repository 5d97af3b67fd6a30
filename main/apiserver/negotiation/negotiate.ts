import type { GroupVersionKind } from '../../../kube/apimachinery/gvr.ts';
import { newNotAcceptable } from '../../../kube/apimachinery/status-errors.ts';
import { failureStatus, StatusError } from '../../../kube/apimachinery/status.ts';
import { type AcceptClause, JSON_TYPE, type MediaType, parseAccept, PROTOBUF_TYPE, RESPONSE_TYPES, WATCH_TYPES, YAML_TYPE } from './media-type.ts';

/** What an endpoint can answer with. */
export interface ResponseOffer {
  /** True for list and watch endpoints: their 406 lists the streaming types too. */
  readonly canWatch?: boolean;
  /** False for kinds without a protobuf form, that is custom resources: their metadata alone has one. Default true. */
  readonly protobuf?: boolean;
  /** False where Table and PartialObjectMetadata make no sense (Status answers, discovery). Default true. */
  readonly transforms?: boolean;
  /** False where there are no columns to print, whatever else may be transformed. Default true. */
  readonly tables?: boolean;
  /** The types that the route names, when they are not the usual ones. */
  readonly produces?: readonly string[];
  /** False where no route of go-restful stands before the endpoint. Default true. */
  readonly routed?: boolean;
  /** Value of the `pretty` query parameter. */
  readonly prettyQuery?: string | null;
  /** Browsers, curl and wget get indented JSON. */
  readonly userAgent?: string;
}

/**
 * Picks the representation for an Accept header (upstream: endpoints/handlers/negotiation, behind go-restful's own check).
 * Throws 406 NotAcceptable in upstream's two wordings: go-restful's when no media type fits, the negotiator's when its
 * parameters ask for something that cannot be.
 */
export function negotiateResponse(acceptHeader: string | undefined, offer: ResponseOffer = {}): MediaType {
  const negotiated = pick(acceptHeader, offer);
  if (!negotiated) throw newNotAcceptable(RESPONSE_TYPES);
  return negotiated;
}

/** The same for streams; an endpoint that can watch is implied. Protobuf and JSON stream, YAML does not. */
export function negotiateWatch(acceptHeader: string | undefined, offer: ResponseOffer = {}): MediaType {
  // Refused as an answer first, then as a stream.
  const negotiated = negotiateResponse(acceptHeader, { ...offer, canWatch: true });
  if (negotiated.format === 'yaml') throw newNotAcceptable(WATCH_TYPES);
  return negotiated;
}

function pick(acceptHeader: string | undefined, offer: ResponseOffer): MediaType | undefined {
  if (!acceptHeader) return mediaType(JSON_TYPE, new Map(), offer);
  if (offer.routed ?? true) checkRouteAccepts(acceptHeader, offer.produces ?? (offer.canWatch ? [...RESPONSE_TYPES, ...WATCH_TYPES] : RESPONSE_TYPES));
  for (const clause of parseAccept(acceptHeader)) {
    for (const contentType of RESPONSE_TYPES) {
      if (matches(clause, contentType) && parametersAllowed(clause, contentType, offer)) {
        return mediaType(contentType, clause.parameters, offer);
      }
    }
  }
  return undefined;
}

function matches(clause: AcceptClause, contentType: string): boolean {
  const [type, subtype] = contentType.split('/');
  return (clause.type === '*' || clause.type === type) && (clause.subtype === '*' || clause.subtype === subtype);
}

/**
 * What go-restful sees of the header: a route must produce one of the types as named, parameters aside; `application/*` does not match.
 * Throws its 406.
 */
export function checkRouteAccepts(header: string | undefined, produced: readonly string[]): void {
  const matches = !header || header.split(',').some((clause) => {
    const name = clause.split(';', 1)[0]?.trim() ?? '';
    return name === '*/*' || produced.includes(name);
  });
  if (matches) return;
  const message = `406: Not Acceptable\n\nAvailable representations: ${produced.join(', ')}`;
  throw new StatusError(failureStatus({ code: 406, reason: 'NotAcceptable', message, details: {} }));
}

function transformOf(parameters: ReadonlyMap<string, string>): GroupVersionKind | undefined {
  const kind = parameters.get('as');
  const group = parameters.get('g');
  const version = parameters.get('v');
  if (kind === undefined && group === undefined && version === undefined) return undefined;
  return { group: group ?? '', version: version ?? '', kind: kind ?? '' };
}

function parametersAllowed(clause: AcceptClause, contentType: string, offer: ResponseOffer): boolean {
  const transform = transformOf(clause.parameters);
  if (clause.parameters.has('sv') && clause.parameters.get('sv') !== 'v1') return false;
  if (clause.parameters.has('stream') && clause.parameters.get('stream') !== 'watch') return false;
  if (!transform) return contentType !== PROTOBUF_TYPE || offer.protobuf !== false;
  if (offer.transforms === false || transform.group !== 'meta.k8s.io') return false;
  if (transform.version !== 'v1' && transform.version !== 'v1beta1') return false;
  if (transform.kind === 'Table') return contentType !== PROTOBUF_TYPE && offer.tables !== false;
  return transform.kind === 'PartialObjectMetadata' || transform.kind === 'PartialObjectMetadataList';
}

function mediaType(contentType: string, parameters: ReadonlyMap<string, string>, offer: ResponseOffer): MediaType {
  const format = contentType === YAML_TYPE ? 'yaml' : contentType === PROTOBUF_TYPE ? 'protobuf' : 'json';
  const as = transformOf(parameters);
  return {
    format,
    contentType,
    watchContentType: format === 'protobuf' ? `${PROTOBUF_TYPE};stream=watch` : contentType,
    ...(as ? { as } : {}),
    pretty: format === 'json' && wantsPretty(parameters.get('pretty'), offer),
    profile: parameters.get('profile') ?? '',
  };
}

/** Whether JSON is indented: the parameter of the Accept header decides, then that of the query, then who asks. */
export function wantsPretty(parameter: string | undefined, { prettyQuery, userAgent }: Pick<ResponseOffer, 'prettyQuery' | 'userAgent'>): boolean {
  if (parameter !== undefined) return parameter === '1';
  if (typeof prettyQuery === 'string' && prettyQuery !== '') return /^(1|t|T|true|True|TRUE)$/.test(prettyQuery);
  return /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent ?? '');
}

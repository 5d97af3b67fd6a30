import { OBJECT_MEDIA_TYPE, OBJECT_METADATA_MEDIA_TYPE } from '../../../kube/client/transport.ts';
import type { MediaType } from '../negotiation/media-type.ts';
import { negotiateResponse, negotiateWatch, type ResponseOffer } from '../negotiation/negotiate.ts';
import type { ApiRequest } from './request.ts';

/** What the answer is written as. 'object', 'metadata': in-process, nothing is encoded. 'json': plain JSON, the bytes of the watch cache as they are. */
export type Media = 'object' | 'metadata' | 'json' | MediaType;

/** Decided before anything is done: 406 must not leave a write behind. */
export function mediaOf(request: ApiRequest, { watch, ...offer }: ResponseOffer & { readonly watch?: boolean } = {}): Media {
  const accept = request.headers['accept'];
  const first = accept?.split(',', 1)[0]?.trim();
  if (first === OBJECT_MEDIA_TYPE && request.identity !== undefined) return 'object';
  if (first === OBJECT_METADATA_MEDIA_TYPE && request.identity !== undefined) return 'metadata';
  const prettyQuery = request.query.get('pretty');
  const userAgent = request.headers['user-agent'] ?? '';
  if (isPlain(accept) && prettyQuery === null && !/^(curl|Wget|Mozilla)/.test(userAgent)) return 'json';
  const negotiate = watch ? negotiateWatch : negotiateResponse;
  const media = negotiate(accept, { ...offer, prettyQuery, userAgent });
  return media.format === 'json' && !media.pretty && !media.as ? 'json' : media;
}

function isPlain(accept: string | undefined): boolean {
  return accept === undefined || accept === '' || accept === 'application/json' || accept === '*/*' || accept === 'application/json, */*';
}

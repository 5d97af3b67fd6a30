import { OBJECT_MEDIA_TYPE } from '../../../kube/client/transport.ts';
import { goJson } from '../../../kube/apimachinery/go-format.ts';
import { newNotAcceptable } from '../../../kube/apimachinery/status-errors.ts';
import { encodeWatchEvent } from '../negotiation/encode.ts';
import type { MediaType } from '../negotiation/media-type.ts';
import { toPartialMetadata } from '../negotiation/partial-metadata.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { statusOf } from '../../../kube/apimachinery/status.ts';
import type { ServedResource } from '../registry/catalog.ts';
import type { ChangeEvent, ObjectEvent, ObjectStorage, ObjectWatch, StoredObject, WatchQuery } from '../storage/object-storage.ts';
import { inVersion, JSON_HEADERS, printed } from './answer.ts';
import { printedBookmark, bookmarkOf } from './bookmark.ts';
import { partialMetadata } from './list.ts';
import { checkListOptions, integerOption } from './list-options.ts';
import type { ApiResponse, WatchAccount } from './request.ts';
import type { ResourceRequest } from './resource-request.ts';
import { selectionOf } from './selection.ts';
import { isTrue } from '../filters/request-info.ts';

/** Watches without timeoutSeconds end after a random time between this and twice this, as upstream's --min-request-timeout. */
const MIN_WATCH_MS = 1_800_000;
const EMPTY = new Uint8Array(0);

export async function watchObjects(request: ResourceRequest): Promise<ApiResponse> {
  const { served, registry, media } = request;
  const query = watchQueryOf(request);
  const account = request.context.long;
  if (media === 'object' || media === 'metadata') {
    const events = await registry.storage.watch(query);
    account?.began();
    const objectOf = (stored: StoredObject<KubernetesObject>) => (media === 'object' ? inVersion(served, stored.object) : partialMetadata(served, stored));
    return { status: 200, headers: { 'content-type': OBJECT_MEDIA_TYPE }, body: EMPTY, events: eventObjects(served, { events, objectOf, account }) };
  }
  const events = await startOrExpire(registry.storage, { ...query, batchByTurn: true });
  account?.began();
  if (media === 'json') return { status: 200, headers: JSON_HEADERS, body: frames(served, events, account) };
  return { status: 200, headers: { 'content-type': media.watchContentType }, body: encodedFrames(request, media, events) };
}

/** A watch from too long ago begins and ends with an ERROR event, as upstream. */
async function startOrExpire(storage: Pick<ObjectStorage<KubernetesObject>, 'watch'>, query: WatchQuery): Promise<AsyncIterable<readonly ObjectEvent<KubernetesObject>[]>> {
  try {
    return await storage.watch(query);
  } catch (error) {
    if (statusOf(error).code !== 410) throw error;
    query.onEnd?.();
    return failing(error);
  }
}

// oxlint-disable-next-line require-yield -- it ends before the first event.
async function* failing(error: unknown): AsyncGenerator<never> {
  throw error;
}

function watchQueryOf(request: ResourceRequest): WatchQuery {
  const { query, signal } = request.context.request;
  integerOption(query, 'limit');
  const timeoutSeconds = integerOption(query, 'timeoutSeconds') ?? 0;
  checkListOptions(query, { watch: true });
  const selection = selectionOf(request);
  const { info } = request.context;
  const name = selection.name ?? (info.name !== '' && info.namespace !== '' ? info.name : undefined);
  const resourceVersion = query.get('resourceVersion');
  const sendInitialEvents = asksForState(query);
  return {
    ...selection,
    ...(name ? { name } : {}),
    signal,
    onInitialized: () => request.context.long?.initialized({ isList: sendInitialEvents === true }),
    onEnd: () => request.context.long?.ended(),
    timeoutMs: timeoutSeconds > 0 ? timeoutSeconds * 1000 : MIN_WATCH_MS * (1 + (request.clock.monotonicMs() % 1000) / 1000),
    ...(resourceVersion ? { resourceVersion } : {}),
    ...(sendInitialEvents === undefined ? {} : { sendInitialEvents }),
    ...(query.has('allowWatchBookmarks') ? { allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')) } : {}),
  };
}

/** A watch from no version or from any is one that begins with the state, and with a bookmark where it takes them (upstream: SetListOptionsDefaults). */
function asksForState(query: URLSearchParams): boolean | undefined {
  const given = query.get('sendInitialEvents');
  if (given !== null) return isTrue(given);
  const isLegacy = ['', '0'].includes(query.get('resourceVersion') ?? '') && (query.get('resourceVersionMatch') ?? '') === '';
  return isLegacy ? true : undefined;
}

async function* frames(served: ServedResource, events: AsyncIterable<readonly ObjectEvent<KubernetesObject>[]>, account: WatchAccount | undefined): AsyncGenerator<Uint8Array> {
  try {
    for await (const batch of events) {
      const bytes = framesOf(served, batch);
      account?.sent(batch.length, bytes.length);
      yield bytes;
    }
  } catch (error) {
    yield encodeFrame('ERROR', statusOf(error));
  }
}

/** The slower ways: protobuf, Tables, PartialObjectMetadata. */
async function* encodedFrames(request: ResourceRequest, media: MediaType, events: AsyncIterable<readonly ObjectEvent<KubernetesObject>[]>): AsyncGenerator<Uint8Array> {
  let first = true;
  try {
    for await (const batch of events) {
      // No object can be shown as a list of metadata: upstream ends the stream where it fails to.
      if (media.as?.kind === 'PartialObjectMetadataList') return;
      for (const event of batch) {
        const bytes = encodeWatchEvent(event.type, shownObject(request, event, { media, first }), media);
        request.context.long?.sent(1, bytes.length);
        yield bytes;
        first = false;
      }
    }
  } catch (error) {
    yield encodeWatchEvent('ERROR', statusOf(error) as never, media);
  }
}

interface Shown {
  readonly media: MediaType;
  /** Of the stream's events: Tables tell their columns with it. */
  readonly first: boolean;
}

function shownObject(request: ResourceRequest, event: ObjectEvent<KubernetesObject>, { media, first }: Shown): KubernetesObject {
  const { served, tables, context } = request;
  const isBookmark = event.type === 'BOOKMARK';
  if (!media.as) return isBookmark ? (bookmarkOf(served, event) as KubernetesObject) : inVersion(served, event.stored.object);
  const object = isBookmark ? printedBookmark(served, event) : printed(served, event.stored.object);
  if (media.as.kind !== 'Table') return toPartialMetadata(object, media.as);
  if (!tables) throw newNotAcceptable(['application/json']);
  const whole = isBookmark ? { wholeObject: bookmarkOf(served, event) } : {};
  return tables.objectTable(served, object, { version: media.as.version, query: context.request.query, withoutHeaders: !first, ...whole }) as KubernetesObject;
}

function framesOf(served: ServedResource, batch: readonly ObjectEvent<KubernetesObject>[]): Uint8Array {
  const [first] = batch;
  if (served.alternative || first === undefined || !isChanges(batch)) return Buffer.concat(batch.map((event) => frameOf(served, event)));
  return (first as ChangeEvent<KubernetesObject>).jsonFrames(served.head, batch);
}

function isChanges(batch: readonly ObjectEvent<KubernetesObject>[]): batch is readonly ChangeEvent<KubernetesObject>[] {
  return batch.every(({ type }) => type !== 'BOOKMARK');
}

function frameOf(served: ServedResource, event: ObjectEvent<KubernetesObject>): Uint8Array {
  if (event.type === 'BOOKMARK') return encodeFrame('BOOKMARK', bookmarkOf(served, event));
  if (served.alternative) return encodeFrame(event.type, inVersion(served, event.stored.object));
  return event.jsonFrame(served.head);
}

function encodeFrame(type: string, object: unknown): Uint8Array {
  return Buffer.from(`${goJson({ type, object })}\n`);
}

interface ObjectEvents {
  readonly events: ObjectWatch<KubernetesObject>;
  readonly objectOf: (stored: StoredObject<KubernetesObject>) => KubernetesObject;
  readonly account: WatchAccount | undefined;
}

async function* eventObjects(served: ServedResource, { events, objectOf, account }: ObjectEvents): AsyncGenerator<readonly unknown[]> {
  for await (const batch of events) {
    account?.sent(batch.length);
    yield batch.map((event) =>
      event.type === 'BOOKMARK'
        ? { type: 'BOOKMARK', object: bookmarkOf(served, event) }
        : { type: event.type, object: objectOf(event.stored) },
    );
  }
}

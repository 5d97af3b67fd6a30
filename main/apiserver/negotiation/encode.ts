import { goJson } from '../../../kube/apimachinery/go-format.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { MediaType } from './media-type.ts';
import { encodeProtobufEnvelope } from './protobuf-envelope.ts';
import { encodeProtobufWatchEvent } from './protobuf-watch.ts';
import { writeYaml } from './yaml-writer.ts';

/** Any object with a kind: an object, a list, a Status, a Table, a PartialObjectMetadata. */
export type Encodable = Pick<KubernetesObject, 'apiVersion' | 'kind'>;

const utf8 = new TextEncoder();

/**
 * Writes one object as the negotiated media type. JSON ends with a newline unless it is indented, as Go has it. The object must be in
 * Go's form already (kube/api/typed-object.ts); mediaType.as must have been applied before (toTable, toPartialMetadata).
 * Throws when protobuf is asked for a kind that has no protobuf form.
 */
export function encode(object: Encodable, mediaType: Pick<MediaType, 'format' | 'pretty'>): Uint8Array {
  switch (mediaType.format) {
    case 'json':
      return utf8.encode(mediaType.pretty ? goJson(object, 2) : `${goJson(object)}\n`);
    case 'yaml':
      return utf8.encode(writeYaml(object));
    case 'protobuf':
      return encodeProtobufEnvelope(object);
  }
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

/** One frame of a watch: `{"type":…,"object":…}` and a newline, or a length-delimited protobuf WatchEvent. */
export function encodeWatchEvent(type: WatchEventType, object: Encodable, mediaType: Pick<MediaType, 'format'>): Uint8Array {
  if (mediaType.format === 'protobuf') return encodeProtobufWatchEvent(type, encodeProtobufEnvelope(object));
  return utf8.encode(`{"type":"${type}","object":${goJson(object)}}\n`);
}

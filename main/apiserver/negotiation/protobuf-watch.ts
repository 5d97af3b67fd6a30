import { ProtobufWriter } from './protobuf-writer.ts';

/**
 * One frame of application/vnd.kubernetes.protobuf;stream=watch: four bytes of big-endian length, then meta/v1.WatchEvent
 * without an envelope: type in field 1, object in field 2 as RawExtension whose field 1 holds the object's envelope.
 */
export function encodeProtobufWatchEvent(type: string, envelope: Uint8Array): Uint8Array {
  const writer = new ProtobufWriter(envelope.length + 64);
  const mark = writer.length;
  writer.bytes(envelope);
  writer.delimit(1, mark);
  writer.delimit(2, mark);
  const typeMark = writer.length;
  writer.string(type);
  writer.delimit(1, typeMark);
  const size = writer.length;
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setUint32(0, size);
  writer.bytes(prefix);
  return writer.finish();
}

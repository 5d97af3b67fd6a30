/** The events of a watch one by one: a stream of JSON lines, or of protobuf frames, each with its length before it. */
export async function* watchMessages(body: AsyncIterable<Uint8Array>, { isText }: { readonly isText: boolean }): AsyncGenerator<Uint8Array> {
  let pending: Uint8Array = new Uint8Array(0);
  for await (const chunk of body) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (let end = endOfMessage(pending, isText); end !== undefined; end = endOfMessage(pending, isText)) {
      yield pending.subarray(isText ? 0 : LENGTH_BYTES, end);
      pending = pending.subarray(end);
    }
  }
  if (pending.length > 0) yield pending;
}

const LENGTH_BYTES = 4;
const NEWLINE = 10;

/** Undefined while the rest has not come. A line's newline belongs to its message, as upstream sends it. */
function endOfMessage(bytes: Uint8Array, isText: boolean): number | undefined {
  if (isText) {
    const newline = bytes.indexOf(NEWLINE);
    return newline < 0 ? undefined : newline + 1;
  }
  if (bytes.length < LENGTH_BYTES) return undefined;
  const end = LENGTH_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  return bytes.length < end ? undefined : end;
}

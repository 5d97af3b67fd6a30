/** Splits a stream of newline-delimited JSON, as watches send it, into parsed values. A character may be cut between chunks. */
export async function* parseFrames(body: AsyncIterable<Uint8Array>, maxFrameBytes = MAX_FRAME_BYTES): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const chunk of body) {
    pending += decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = pending.indexOf('\n', start); end >= 0; end = pending.indexOf('\n', start)) {
      const frame = pending.slice(start, end);
      start = end + 1;
      if (frame.trim() !== '') yield JSON.parse(frame);
    }
    pending = pending.slice(start);
    if (pending.length > maxFrameBytes) throw new Error(`Cannot read watch: a frame is longer than ${maxFrameBytes} characters`);
  }
  pending += decoder.decode();
  if (pending.trim() !== '') yield JSON.parse(pending);
}

/** An object is at most some megabytes in etcd; a frame longer than this is no watch event. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;

/** Collects a body; the whole answer of anything but a watch. */
export async function readBody(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<string> {
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_BODY_LENGTH) throw new Error(`Cannot read answer: it is longer than ${MAX_BODY_LENGTH} characters`);
  }
  return text + decoder.decode();
}

/** Bounds one list; a string of V8 cannot be longer than about 512 Mi characters. */
const MAX_BODY_LENGTH = 400 * 1024 * 1024;

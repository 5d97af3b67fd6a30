import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { constants, createGzip, gzip } from 'node:zlib';
import type { ApiRequest, ApiResponse } from '../endpoints/request.ts';

/** Smaller answers are not worth it (upstream: defaultGzipThresholdBytes, and the level). */
const LEAST_BYTES = 128 * 1024;
const OPTIONS = { level: constants.Z_BEST_SPEED, chunkSize: 128 * 1024 };
const gzipWhole = promisify<Uint8Array, typeof OPTIONS, Uint8Array>(gzip);

/** Answers that are long come compressed to who takes it; a streamed body is long. Not for watches. */
export async function compressed(request: ApiRequest, response: ApiResponse): Promise<ApiResponse> {
  const { body } = response;
  if (body instanceof Uint8Array && body.length <= LEAST_BYTES) return response;
  if (!accepts(request.headers['accept-encoding']) || response.status !== 200 || response.headers['content-encoding'] !== undefined) return response;
  const vary = response.headers['vary'];
  const headers = { ...response.headers, 'content-encoding': 'gzip', vary: typeof vary === 'string' ? (vary.includes('Accept-Encoding') ? vary : `${vary}, Accept-Encoding`) : 'Accept-Encoding' };
  return { ...response, headers, body: body instanceof Uint8Array ? await gzipWhole(body, OPTIONS) : gzipStream(body) };
}

function accepts(encodings: string | undefined): boolean {
  return encodings !== undefined && encodings.split(',').some((one) => one.split(';', 1)[0]?.trim() === 'gzip');
}

async function* gzipStream(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const zip = createGzip(OPTIONS);
  // Its failure ends the iteration below with the same error; a reader that leaves early ends the source.
  pipeline(Readable.from(body, { objectMode: true, highWaterMark: 1 }), zip).catch(() => {});
  yield* zip as AsyncIterable<Uint8Array>;
}

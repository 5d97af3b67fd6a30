import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { ApiRequest, ApiResponse } from '../endpoints/request.ts';
import { parallelGzip } from './parallel-gzip.ts';

/** Smaller answers are not worth it (upstream: defaultGzipThresholdBytes, and the level). */
const LEAST_BYTES = 128 * 1024;
const OPTIONS = { level: constants.Z_BEST_SPEED };
const gzipWhole = promisify<Uint8Array, typeof OPTIONS, Uint8Array>(gzip);

/** Answers that are long come compressed to who takes it; a streamed body is long. Not for watches. */
export async function compressed(request: ApiRequest, response: ApiResponse): Promise<ApiResponse> {
  const { body } = response;
  if (body instanceof Uint8Array && body.length <= LEAST_BYTES) return response;
  if (!accepts(request.headers['accept-encoding']) || response.status !== 200 || response.headers['content-encoding'] !== undefined) return response;
  const vary = response.headers['vary'];
  const headers = { ...response.headers, 'content-encoding': 'gzip', vary: typeof vary === 'string' ? (vary.includes('Accept-Encoding') ? vary : `${vary}, Accept-Encoding`) : 'Accept-Encoding' };
  return { ...response, headers, body: body instanceof Uint8Array ? await gzipWhole(body, OPTIONS) : parallelGzip(body, OPTIONS) };
}

function accepts(encodings: string | undefined): boolean {
  return encodings !== undefined && encodings.split(',').some((one) => one.split(';', 1)[0]?.trim() === 'gzip');
}

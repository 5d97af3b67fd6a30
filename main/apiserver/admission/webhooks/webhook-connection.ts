import type { Duplex } from 'node:stream';
import type { WebhookClientConfig } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import type { NodeDialer } from '../../api-server.ts';
import type { ObjectReader } from '../../authentication/object-reader.ts';
import { exchange } from '../../proxy/http-exchange.ts';
import { openStream, type NodeTarget } from '../../proxy/node-connection.ts';
import { connectionProblem, secureStream } from '../../proxy/secure-stream.ts';
import { serviceTarget } from '../../proxy/service-target.ts';

export interface WebhookConnectionOptions {
  readonly reader: ObjectReader;
  readonly dialer?: NodeDialer;
}

interface Address {
  readonly url: URL;
  /** As Go prints it: with the port that was given. */
  readonly shown: string;
}

/** An answer is small; what is longer is not one. Upstream's limit for webhook answers is as large. */
const MAX_ANSWER_BYTES = 7 * 1024 * 1024;

/** Posts the review; the JSON answer. Throws errors worded as Go's client does. */
export async function postReview(
  options: WebhookConnectionOptions,
  { config, review, timeoutSeconds }: { readonly config: WebhookClientConfig; readonly review: unknown; readonly timeoutSeconds: number },
  signal: AbortSignal,
): Promise<unknown> {
  const { url, shown } = addressOf(config, timeoutSeconds);
  try {
    const socket = await connect(options, { config, url }, signal);
    const body = Buffer.from(JSON.stringify(review));
    const headers = { 'content-type': 'application/json', accept: 'application/json, */*' };
    const answer = await exchange(socket, { method: 'POST', path: `${url.pathname}${url.search}`, host: url.host, headers, body, signal });
    const text = await textOf(answer.body as AsyncIterable<Uint8Array>);
    if (answer.status !== 200) throw new AnswerError(problemOf(answer.status, text), { code: answer.status });
    if (text === '') throw new AnswerError('0-length response with status code: 200 and content type: application/json');
    return parsed(text);
  } catch (error) {
    if (error instanceof AnswerError) throw error;
    const problem = connectionProblem(error, signal);
    throw new Error(`Post ${JSON.stringify(shown)}: ${problem === 'socket hang up' ? 'EOF' : problem}`, { cause: error });
  }
}

/** The webhook answered, but not what it should. */
export class AnswerError extends Error {
  /** The HTTP status, where that is what is wrong. */
  readonly code: number | undefined;
  constructor(message: string, { code, ...options }: ErrorOptions & { readonly code?: number } = {}) {
    super(message, options);
    this.code = code;
  }
}

/** What a failure says of itself, or what client-go says of it. */
function problemOf(status: number, text: string): string {
  const { kind, message } = statusIn(text);
  if (kind === 'Status' && typeof message === 'string' && message !== '') return message;
  return status === 404 ? 'the server could not find the requested resource' : `an error on the server (${JSON.stringify(text.slice(0, 200))}) has prevented the request from succeeding`;
}

function statusIn(text: string): { readonly kind?: unknown; readonly message?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as { readonly kind?: unknown };
  } catch {
    return {};
  }
}

/** The name that the webhook's certificate must be for. */
export function hostOf(config: WebhookClientConfig): string {
  return addressOf(config, 0).url.hostname;
}

function addressOf({ url, service }: WebhookClientConfig, timeoutSeconds: number): Address {
  const text = url ?? `https://${service?.name}.${service?.namespace}.svc:${service?.port ?? 443}${service?.path ?? '/'}`;
  const timeout = `timeout=${timeoutSeconds}s`;
  return { url: new URL(`${text}?${timeout}`), shown: `${text}?${timeout}` };
}

async function connect(options: WebhookConnectionOptions, { config, url }: { readonly config: WebhookClientConfig; readonly url: URL }, signal: AbortSignal): Promise<Duplex> {
  const { service } = config;
  const target = service ? await serviceTarget(options.reader, { ...service, port: service.port ?? 443 }, options) : urlTarget(url);
  const raw = await openStream(target, options, signal);
  const ca = config.caBundle ? { ca: Buffer.from(config.caBundle, 'base64').toString() } : {};
  return secureStream(raw, { host: url.hostname.replace(/^\[(.*)\]$/v, '$1'), ...ca }, signal);
}

function urlTarget(url: URL): NodeTarget {
  return { nodeName: undefined, host: url.hostname.replace(/^\[(.*)\]$/v, '$1'), port: Number(url.port || 443), scheme: 'http' };
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > MAX_ANSWER_BYTES) throw new AnswerError('webhook response is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AnswerError(`couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

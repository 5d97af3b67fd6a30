import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Node, Pod } from '../../../kube/api/generated/core/v1.ts';
import { newBadRequest, newForbidden, newGenericServerResponse, newInternalError, newNotFound } from '../../../kube/apimachinery/status-errors.ts';
import { failureStatus, StatusError } from '../../../kube/apimachinery/status.ts';
import { goQuote } from '../../../kube/apimachinery/go-format.ts';
import type { AdmissionChain } from '../admission/admission.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import type { SpecialEndpoint } from '../endpoints/dispatch.ts';
import type { ApiResponse, RequestContext } from '../endpoints/request.ts';
import { emptyResponse } from '../endpoints/respond.ts';
import { addWarningTo } from '../filters/warnings.ts';
import { connectOptions } from './connect-options.ts';
import { exchange, joinUpgrade } from './http-exchange.ts';
import { logPath, streamPath } from './kubelet-path.ts';
import { kubeletOf, openStream, type NodeConnectionOptions, type NodeTarget } from './node-connection.ts';
import { proxyTarget } from './proxy-target.ts';
import { isWebSocketRequest, readerProtocolOf, sendOverWebSocket } from './websocket-stream.ts';

export interface ProxyOptions extends NodeConnectionOptions {
  readonly reader: ObjectReader;
  readonly admission: AdmissionChain;
}

const EMPTY = new Uint8Array(0);
const MAX_REFUSAL_BYTES = 50_000;
const STREAMS = new Set(['exec', 'attach', 'portforward']);

/** pods/log|exec|attach|portforward and pods|services|nodes/proxy. */
export function proxyEndpoints(options: ProxyOptions): [string, SpecialEndpoint][] {
  const proxy: SpecialEndpoint = ({ context }) => proxyRequest(options, context);
  const upgradeOnly: SpecialEndpoint = async ({ context }) => {
    await connectAdmission(options, context);
    await locate(options, context);
    throw newBadRequest('Upgrade request required');
  };
  return [
    ['pods/log', ({ context }) => podLog(options, context)],
    ['pods/exec', upgradeOnly], ['pods/attach', upgradeOnly], ['pods/portforward', upgradeOnly],
    ['pods/proxy', proxy], ['services/proxy', proxy], ['nodes/proxy', proxy],
  ];
}

/** Takes the socket of a streaming request; false when the request is none of ours. */
export async function proxyUpgrade(options: ProxyOptions, context: RequestContext, { socket, head }: { readonly socket: Duplex; readonly head: Buffer }): Promise<boolean> {
  const { info, request } = context;
  if (info.resource === 'pods' && info.apiGroup === '' && info.subresource === 'log' && isWebSocketRequest(request.headers)) return logOverWebSocket(options, context, socket);
  const isStream = info.resource === 'pods' && info.apiGroup === '' && STREAMS.has(info.subresource);
  if (!isStream && info.subresource !== 'proxy') return false;
  await connectAdmission(options, context);
  const { target, path } = isStream ? await locate(options, context) : { target: await proxyTarget(options.reader, options, info), path: proxiedPath(context) };
  const refusal = isStream ? (problem: string): Error => newInternalError(`error sending request: Post ${urlText(target, path)}: ${problem}`) : undefined;
  const server = await openStream(target, { ...options, ...(refusal ? { refusal } : {}) }, request.signal);
  joinUpgrade(socket, server, { method: request.method, path, host: `${target.host}:${target.port}`, headers: request.headers, head });
  return true;
}

/** False, for the plain answer to go out, when there is no log to stream. */
async function logOverWebSocket(options: ProxyOptions, context: RequestContext, socket: Duplex): Promise<boolean> {
  const { headers } = context.request;
  const protocol = readerProtocolOf(headers);
  if (protocol === undefined) throw newForbidden({ group: '', resource: 'pods' }, context.info.name, `requested protocol(s) are not supported: ${headers['sec-websocket-protocol'] ?? ''}`);
  const { body } = await podLog(options, context);
  if (body === undefined || body instanceof Uint8Array) return false;
  await sendOverWebSocket(socket, { headers, body, protocol });
  return true;
}

interface Located {
  readonly target: NodeTarget;
  readonly path: string;
}

async function locate(options: ProxyOptions, { info, request }: RequestContext): Promise<Located> {
  const pod = await podOf(options.reader, info);
  const path = streamPath(info.subresource, pod, request.query);
  const nodeName = pod.spec?.nodeName;
  if (!nodeName) throw newBadRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  return { target: await kubeletTarget(options, info, nodeName), path };
}

async function podLog(options: ProxyOptions, { info, request }: RequestContext): Promise<ApiResponse> {
  const pod = await podOf(options.reader, info);
  const path = logPath(pod, request.query);
  const nodeName = pod.spec?.nodeName;
  if (!nodeName) return emptyResponse(204);
  const target = await kubeletTarget(options, info, nodeName);
  const refusal = (problem: string): Error => new StatusError(failureStatus({ code: 500, reason: '', message: `Get ${urlText(target, path)}: ${problem}` }));
  const stream = await openStream(target, { ...options, refusal }, request.signal);
  const answer = await exchange(stream, { method: 'GET', path, host: `${target.host}:${target.port}`, headers: {}, body: EMPTY, signal: request.signal });
  if (answer.status < 200 || answer.status > 206) throw kubeletRefusal(answer.status, info.name, await readText(answer.body));
  return { ...answer, headers: { 'content-type': 'text/plain' } };
}

/** How Go's HTTP client quotes what it asked for. */
function urlText({ scheme, host, port }: NodeTarget, path: string): string {
  return goQuote(`${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}${path}`);
}

/** The kubelet's words in the form of an API error (upstream: registry/generic/rest/response_checker.go). */
function kubeletRefusal(code: number, name: string, text: string): StatusError {
  if (code === 500) return newInternalError(text);
  if (code === 400) return newBadRequest(text);
  return newGenericServerResponse({ code, verb: '', resource: { group: '', resource: 'pods/log' }, name, serverMessage: text, isUnexpected: false });
}

/** No more of it than fits a message. */
async function readText(body: ApiResponse['body']): Promise<string> {
  if (body === undefined) return '';
  if (body instanceof Uint8Array) return Buffer.from(body).toString('utf8', 0, MAX_REFUSAL_BYTES);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_REFUSAL_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, MAX_REFUSAL_BYTES);
}

async function proxyRequest(options: ProxyOptions, context: RequestContext): Promise<ApiResponse> {
  const { info, request } = context;
  await connectAdmission(options, context);
  const target = await proxyTarget(options.reader, options, info);
  const body = await request.readBody();
  const stream = await openStream(target, options, request.signal);
  return exchange(stream, { method: request.method, path: proxiedPath(context), host: `${target.host}:${target.port}`, headers: request.headers, body, signal: request.signal });
}

/** What follows `…/proxy`, as it was written. */
function proxiedPath(context: RequestContext): string {
  const { rawQuery } = context.request;
  const path = subpathOf(context) || '/';
  return rawQuery === '' ? path : `${path}?${rawQuery}`;
}

function subpathOf({ request: { rawPath } }: RequestContext): string {
  return /\/proxy(?=\/|$)(.*)$/.exec(rawPath)?.[1] ?? '';
}

async function podOf(reader: ObjectReader, { namespace, name }: RequestContext['info']): Promise<Pod> {
  const pod = await reader.get<Pod>({ group: '', resource: 'pods' }, { namespace, name });
  if (!pod) throw newNotFound({ group: '', resource: 'pods' }, name);
  return pod;
}

/** What is not there is named as what was asked for, as upstream's store of nodes does. */
async function kubeletTarget(options: ProxyOptions, { resource }: RequestContext['info'], nodeName: string): Promise<NodeTarget> {
  const node = await options.reader.get<Node>({ group: '', resource: 'nodes' }, { name: nodeName });
  if (!node) throw newNotFound({ group: '', resource }, nodeName);
  return kubeletOf(node, options);
}

/** Mutating plugins are asked as upstream asks them: what they make of the options is not used. */
async function connectAdmission({ admission }: ProxyOptions, context: RequestContext): Promise<void> {
  const { info, request, user, warnings } = context;
  if (request.query.getAll('dryRun').some((value) => value !== '')) throw newBadRequest('dryRun is not supported');
  const object = connectOptions(context, subpathOf(context));
  const attributes = {
    operation: 'CONNECT' as const, group: info.apiGroup, version: info.apiVersion, resource: info.resource, subresource: info.subresource,
    kind: { group: '', version: 'v1', kind: object.kind }, namespace: info.namespace, name: info.name, object, user, dryRun: false,
    warn: (text: string) => addWarningTo(warnings, text),
    annotate: (key: string, value: string, level?: 'Request') => context.audit?.annotate(key, value, level),
  };
  await admission.mutate(attributes, request.signal);
  await admission.validate(attributes, request.signal);
}

import { connect, constants, type ClientHttp2Session } from 'node:http2';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { KeyPair } from './certificates.ts';

/** How long the process must have had nothing to do, and below which share of a core that is. */
const QUIET_MS = 1_000;
const QUIET_SHARE = 0.2;
/** After so many rounds V8 has compiled what they use; between two of them there is room for others. */
const ROUNDS = 40;
const PAUSE_MS = 10;

export interface WarmUpOptions {
  /** Of the API server: https://… */
  readonly url: string;
  /** PEM of who signed its certificate. */
  readonly authority: string;
  readonly identity: KeyPair;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds of work of this process since any fixed time. */
  readonly busyMs: () => number;
}

/**
 * Has V8 compile the API server's ways before a user takes them: dry runs of the usual first requests, through TLS and HTTP/2 as kubectl's,
 * once the process has nothing else to do. Without it the first few hundred requests take half as long again. Nothing is stored. Never
 * rejects: a server that is gone needs none.
 */
export async function warmUp(options: WarmUpOptions): Promise<void> {
  const { url, authority, identity, clock, signal } = options;
  try {
    await quiet(options);
    const session = connect(url, { ca: authority, cert: identity.certificate, key: identity.key });
    session.on('error', () => undefined);
    const end = (): void => session.destroy();
    signal.addEventListener('abort', end, { once: true });
    try {
      let remaining = requests;
      for (let round = 0; round < ROUNDS && !session.destroyed; round++) {
        remaining = await inTurn(session, remaining);
        await clock.sleep(PAUSE_MS, signal);
      }
    } finally {
      signal.removeEventListener('abort', end);
      end();
    }
  } catch {
    // The cluster is stopping.
  }
}

async function quiet({ clock, signal, busyMs }: WarmUpOptions): Promise<void> {
  for (let before = busyMs(); ; before = busyMs()) {
    await clock.sleep(QUIET_MS, signal);
    if (busyMs() - before < QUIET_MS * QUIET_SHARE) return;
  }
}

interface WarmUpRequest {
  readonly method: string;
  readonly path: string;
  readonly contentType?: string;
  readonly body?: string;
}

const meta = { name: 'warm-up', labels: { app: 'warm-up' } };
const template = { metadata: { labels: meta.labels }, spec: { containers: [{ name: 'c', image: 'warm-up', ports: [{ containerPort: 80 }], env: [{ name: 'A', value: 'b' }], resources: { requests: { cpu: '100m', memory: '64Mi' } } }] } };
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta, data: { a: 'x'.repeat(500), b: 'y'.repeat(500) } };
const pod = { apiVersion: 'v1', kind: 'Pod', ...template, metadata: meta };
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta, spec: { replicas: 2, selector: { matchLabels: meta.labels }, template } };
const core = '/api/v1/namespaces/default';
const deployments = '/apis/apps/v1/namespaces/default/deployments';

const requests: readonly WarmUpRequest[] = [
  { method: 'POST', path: `${core}/configmaps?dryRun=All`, contentType: 'application/json', body: JSON.stringify(configMap) },
  { method: 'POST', path: `${core}/pods?dryRun=All`, contentType: 'application/json', body: JSON.stringify(pod) },
  { method: 'POST', path: `${deployments}?dryRun=All`, contentType: 'application/json', body: JSON.stringify(deployment) },
  { method: 'PATCH', path: `${deployments}/warm-up?dryRun=All&fieldManager=warm-up`, contentType: 'application/apply-patch+yaml', body: JSON.stringify(deployment) },
  { method: 'PATCH', path: `${core}/configmaps/kube-root-ca.crt?dryRun=All`, contentType: 'application/merge-patch+json', body: JSON.stringify({ metadata: { labels: meta.labels } }) },
  { method: 'GET', path: `${core}/configmaps/kube-root-ca.crt` },
  { method: 'GET', path: `${core}/configmaps` },
];

/** Resolves with those that were not refused: one that is would be the next time too, some only after a while. */
async function inTurn(session: ClientHttp2Session, all: readonly WarmUpRequest[]): Promise<readonly WarmUpRequest[]> {
  const done: WarmUpRequest[] = [];
  for (const request of all) if ((await send(session, request)) < 400) done.push(request);
  return done;
}

/** Resolves with the status at the end of the answer; with 499 when there is none. */
function send(session: ClientHttp2Session, { method, path, contentType, body }: WarmUpRequest): Promise<number> {
  return new Promise((resolve) => {
    let status = 499;
    const stream = session.request({ ':method': method, ':path': path, accept: 'application/json', 'user-agent': 'coracle-warm-up', ...(contentType === undefined ? {} : { 'content-type': contentType }) }, { endStream: body === undefined });
    if (body !== undefined) stream.end(body);
    stream.on('error', () => undefined);
    stream.on('response', (headers) => (status = headers[':status'] ?? status));
    stream.on('close', () => resolve(status));
    stream.resume();
    if (session.destroyed) stream.close(constants.NGHTTP2_CANCEL);
  });
}

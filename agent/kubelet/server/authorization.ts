import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { Client } from '../../../kube/client/client.ts';

interface UserInfo { readonly username: string; readonly groups: readonly string[] }

const ALLOWED_TTL_MS = 300_000;
const MAX_CACHED = 1000;
const KUBELET_CLIENT = 'kube-apiserver-kubelet-client';

export interface Refused { readonly code: 401 | 403; readonly reason: string; readonly message: string }

/** Webhook mode, as upstream: a certificate of the cluster's authority or a token says who asks, the API server says whether they may. */
export class ServerAuthorization {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #nodeName: string;
  readonly #allowed = new Map<string, number>();

  constructor(options: { readonly client: Client; readonly clock: Clock; readonly nodeName: string }) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#nodeName = options.nodeName;
  }

  /** Undefined when the request may go on. */
  async refusal(request: IncomingMessage): Promise<Refused | undefined> {
    const user = certificateUser(request) ?? (await this.#tokenUser(request));
    if (user === undefined) return { code: 401, reason: 'Unauthorized', message: 'Unauthorized' };
    if (user.groups.includes('system:masters') || user.username === KUBELET_CLIENT) return undefined;
    const attributes = requestAttributes(request, this.#nodeName);
    const key = JSON.stringify([user, attributes]);
    const now = this.#clock.monotonicMs();
    if ((this.#allowed.get(key) ?? 0) > now) return undefined;
    if (!(await this.#mayAccess(user, attributes))) {
      const { verb, resource, subresource } = attributes;
      return { code: 403, reason: 'Forbidden', message: `Forbidden (user=${user.username}, verb=${verb}, resource=${resource}, subresource(s)=[${subresource}])` };
    }
    if (this.#allowed.size >= MAX_CACHED) this.#allowed.clear();
    this.#allowed.set(key, now + ALLOWED_TTL_MS);
    return undefined;
  }

  async #tokenUser(request: IncomingMessage): Promise<UserInfo | undefined> {
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    const review = (await this.#client.raw({
      method: 'POST', path: '/apis/authentication.k8s.io/v1/tokenreviews', contentType: 'application/json',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
    })) as { readonly status?: { readonly authenticated?: boolean; readonly user?: { readonly username?: string; readonly groups?: readonly string[] } } };
    const user = review.status?.user;
    return review.status?.authenticated === true && user?.username !== undefined ? { username: user.username, groups: user.groups ?? [] } : undefined;
  }

  async #mayAccess({ username, groups }: UserInfo, resourceAttributes: ReturnType<typeof requestAttributes>): Promise<boolean> {
    const review = (await this.#client.raw({
      method: 'POST', path: '/apis/authorization.k8s.io/v1/subjectaccessreviews', contentType: 'application/json',
      body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec: { user: username, groups, resourceAttributes } },
    })) as { readonly status?: { readonly allowed?: boolean } };
    return review.status?.allowed === true;
  }
}

function certificateUser(request: IncomingMessage): UserInfo | undefined {
  const socket = request.socket as TLSSocket;
  if (!socket.authorized) return undefined;
  const subject = socket.getPeerCertificate().subject as { readonly CN?: string | string[]; readonly O?: string | string[] } | undefined;
  const [username] = [subject?.CN ?? []].flat();
  return username === undefined ? undefined : { username, groups: [subject?.O ?? []].flat() };
}

const VERBS: Readonly<Record<string, string>> = { POST: 'create', GET: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** Upstream: pkg/kubelet/server/auth.go. */
export function requestAttributes(request: Pick<IncomingMessage, 'method' | 'url'>, nodeName: string) {
  const path = new URL(request.url ?? '/', 'https://node').pathname;
  const subresource = path.startsWith('/stats') ? 'stats' : path.startsWith('/metrics') ? 'metrics' : path.startsWith('/logs') ? 'log' : path.startsWith('/healthz') ? 'healthz' : path === '/pods' ? 'pods' : 'proxy';
  return { verb: VERBS[request.method ?? 'GET'] ?? '', group: '', version: 'v1', resource: 'nodes', subresource, name: nodeName };
}

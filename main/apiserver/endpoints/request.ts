import type { TransportResponse } from '../../../kube/client/transport.ts';
import type { AuditRecord } from '../audit/audit-record.ts';
import type { User } from '../authentication/user.ts';
import type { RequestInfo } from '../filters/request-info.ts';
import { addWarningTo } from '../filters/warnings.ts';

/** A request as the handler sees it, whichever way it came. */
export interface ApiRequest {
  readonly method: string;
  /** Still percent-encoded, without the query. */
  readonly rawPath: string;
  /** Without the question mark. */
  readonly rawQuery: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Names and values in turn, as they came; absent in-process. */
  readonly rawHeaders?: readonly string[];
  /** Reads the whole body once; throws 413 above the limit. */
  readBody(): Promise<Uint8Array>;
  /** Aborts when the client goes away or the server shuts down. */
  readonly signal: AbortSignal;
  /** The identity bound to an in-process transport; authentication is then skipped, everything else is not. */
  readonly identity?: User;
  /** From a verified client certificate. */
  readonly certificate?: ClientCertificate;
  readonly remoteAddress?: string;
}

export interface ClientCertificate {
  /** Who signed it: the authority of users, or that of proxies that speak for users. */
  readonly authority: 'client' | 'front-proxy';
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** SHA-256 of the DER, hex. */
  readonly fingerprint: string;
  /** Until when it is good, since the epoch. */
  readonly notAfterMs: number;
}

/** What the filters learned, handed to the endpoints. */
export interface RequestContext {
  readonly request: ApiRequest;
  readonly info: RequestInfo;
  /** Who is taken to ask: after impersonation, whom it impersonates. */
  user: User;
  readonly auditId: string;
  /** Texts for `Warning: 299` headers, in order, without repeats. */
  readonly warnings: string[];
  /** What is written down of it; absent where nothing is. */
  readonly audit?: AuditRecord;
  /** Of a long request: who is told how it goes. */
  long?: WatchAccount;
  /** It has been allowed and handed to its endpoint. */
  routed?: boolean;
  /** It asks for a deprecated API. */
  deprecated?: boolean;
  /** Time that it spent in webhooks, once there were any: of mutating ones all together, of validating ones the longest. */
  webhooks?: { mutatingMs: number; validatingMs: number };
  /** Of the body that a resource was sent, once it is read. */
  bodyBytes?: number;
}

export interface WatchAccount {
  /** It is a watch of our own storage; whatever is not tells nothing. */
  began(): void;
  /** The client has been sent the state, and what had changed when it came; `isList`: it had asked for that state (KEP-3157). */
  initialized(options: { readonly isList: boolean }): void;
  /** Bytes of all of them together; absent where none are made. */
  sent(events: number, sizeBytes?: number): void;
  /** Nothing more comes. Told once, or more often. */
  ended(): void;
}

export type ApiResponse = TransportResponse;

/** The body of a request that is counted. */
export async function bodyOf(context: RequestContext): Promise<Uint8Array> {
  const body = await context.request.readBody();
  context.bodyBytes = body.length;
  return body;
}

export function addWarning(context: RequestContext, text: string): void {
  addWarningTo(context.warnings, text);
}

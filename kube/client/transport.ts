/**
 * One HTTP exchange with an API server, without saying how it travels: in-process (the API server's handler),
 * TLS, or the window's bridge. All three pass through authentication, authorization, admission and validation.
 *
 * `fetch` resolves with the response head as soon as it is known; the body of a watch is an endless AsyncIterable.
 * Aborting `signal` ends the exchange: a pending fetch and a body being read reject with signal.reason.
 * A non-2xx status is a response, not an error; only a broken transport rejects.
 */
export interface Transport {
  fetch(request: TransportRequest): Promise<TransportResponse>;
}

export interface TransportRequest {
  readonly method: string;
  /** Path and query, percent-encoded: `/api/v1/pods?limit=500`. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly signal?: AbortSignal;
}

export interface TransportResponse {
  readonly status: number;
  /** Lower-case names; a repeated header (warning) is a list. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** A chunk of a watch may hold several frames or a part of one. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /**
   * In-process only, when the request accepted {@link OBJECT_MEDIA_TYPE}: the decoded result (a list for LIST), shared with
   * the watch cache and deep-frozen by contract (copy before you change). `body` is then empty.
   */
  readonly object?: unknown;
  /** In-process only: the decoded watch events instead of frames in `body`. Batches keep order. */
  readonly events?: AsyncIterable<readonly unknown[]>;
}

/** Accept this to get objects instead of bytes. Only honoured in-process; the TLS server never offers it. */
export const OBJECT_MEDIA_TYPE = 'application/x-coracle-object';
/** The same with every object reduced to a PartialObjectMetadata, for lists and watches. */
export const OBJECT_METADATA_MEDIA_TYPE = `${OBJECT_MEDIA_TYPE};as=PartialObjectMetadata`;

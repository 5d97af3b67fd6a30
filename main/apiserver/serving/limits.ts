/** Header bytes of one request; more is 431. As Go's net/http. */
export const MAX_HEADER_BYTES = 1024 * 1024;
/** Header fields of one HTTP/2 request. Those of HTTP/1.1 are bounded by their bytes. */
export const MAX_HEADER_FIELDS = 4096;

/** How long one client may keep the server waiting. */
export interface ServingLimits {
  /** For the TLS handshake, and from the first byte of a request to the end of its headers. */
  readonly readHeaderMs: number;
  /** A connection without a request under way lives this long. */
  readonly idleMs: number;
  /** After an answer to a request whose body is still coming, what comes is thrown away this long, so that the client reads the answer. */
  readonly lingerMs: number;
  /** A reader that takes nothing for this long is gone, whatever its connection says. */
  readonly stalledReaderMs: number;
  /** Requests that are no watches or streams may finish for this long after shutdown began. */
  readonly shutdownMs: number;
}

/** The first two are upstream's (apiserver/pkg/server/secure_serving.go); it never gives up on a reader, and lets requests finish for a minute. */
export const servingLimits: ServingLimits = { readHeaderMs: 32_000, idleMs: 90_000, lingerMs: 5_000, stalledReaderMs: 300_000, shutdownMs: 5_000 };

/** Peers that went away without a word are noticed after a few times this. */
export const TCP_KEEP_ALIVE_MS = 30_000;

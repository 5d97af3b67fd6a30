import type { Duplex } from 'node:stream';
import type { NodeConnection } from '../nodes/driver.ts';

/**
 * Byte streams into nodes for the API server (kubelet, pods, Services): one connection per node, opened at the first use,
 * shared, and opened anew after it broke.
 */
export class NodeDialer implements AsyncDisposable {
  readonly #connect: (nodeName: string, signal: AbortSignal) => Promise<NodeConnection>;
  readonly #connections = new Map<string, Promise<NodeConnection>>();
  readonly #closed = new AbortController();

  constructor(connect: (nodeName: string, signal: AbortSignal) => Promise<NodeConnection>) {
    this.#connect = connect;
  }

  /** Host and port are as seen from inside the node. Retries once on a fresh connection when the shared one turns out dead. */
  async dialNode(nodeName: string, target: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<Duplex> {
    const reused = this.#connections.has(nodeName);
    try {
      return await (await this.#connection(nodeName)).forward({ ...target, signal });
    } catch (error) {
      if (signal.aborted || !reused || isRefusedByTarget(error)) throw error;
      await this.forget(nodeName);
      return (await this.#connection(nodeName)).forward({ ...target, signal });
    }
  }

  /** Closes the node's connection: it stopped or was removed. */
  async forget(nodeName: string): Promise<void> {
    const connection = this.#connections.get(nodeName);
    this.#connections.delete(nodeName);
    await connection?.then((open) => open[Symbol.asyncDispose](), () => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new Error('the cluster is stopping'));
    await Promise.allSettled([...this.#connections.keys()].map((name) => this.forget(name)));
  }

  #connection(nodeName: string): Promise<NodeConnection> {
    const existing = this.#connections.get(nodeName);
    if (existing !== undefined) return existing;
    const opening = this.#connect(nodeName, this.#closed.signal);
    this.#connections.set(nodeName, opening);
    opening.catch(() => this.#connections.get(nodeName) === opening && this.#connections.delete(nodeName));
    return opening;
  }
}

/** The node answered: nothing listens there. A fresh connection would not help. */
function isRefusedByTarget(error: unknown): boolean {
  const message = error instanceof Error ? error.message : String(error);
  return /refused|ECONNREFUSED|open failed/iu.test(message);
}

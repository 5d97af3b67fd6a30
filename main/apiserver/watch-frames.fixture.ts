import type { TransportResponse } from '../../kube/client/transport.ts';

export interface WatchFrame {
  readonly type: string;
  readonly object: {
    readonly code?: number;
    readonly metadata: { readonly name: string; readonly resourceVersion: string; readonly annotations?: Readonly<Record<string, string>> };
  };
}

export function encodeQuery(query: Readonly<Record<string, string | number>>): string {
  const text = new URLSearchParams(Object.entries(query).map(([key, value]): [string, string] => [key, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}

/** The frames of one watch, gathered while it goes on. */
export class Frames {
  readonly frames: WatchFrame[] = [];
  readonly ended: Promise<void>;
  #arrived = Promise.withResolvers<void>();

  constructor({ body }: Pick<TransportResponse, 'body'>) {
    this.ended = this.#read(body instanceof Uint8Array ? [body] : body).catch(() => undefined);
  }

  /** Resolves once a frame satisfies the condition, or the watch has ended. */
  async until(condition: (frame: WatchFrame) => boolean): Promise<void> {
    let isOver = false;
    void this.ended.then(() => {
      isOver = true;
      this.#arrived.resolve();
    });
    while (!isOver && !this.frames.some(condition)) await this.#arrived.promise;
  }

  async #read(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    let rest = '';
    for await (const chunk of chunks) {
      const lines = (rest + Buffer.from(chunk).toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      this.frames.push(...lines.map((line) => JSON.parse(line) as WatchFrame));
      const arrived = this.#arrived;
      this.#arrived = Promise.withResolvers();
      arrived.resolve();
    }
  }
}

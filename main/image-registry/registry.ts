import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { loadImageArchive } from './image-archive.ts';
import { ImageLayout } from './image-layout.ts';
import { ImageSource } from './image-source.ts';
import { handleRegistryRequest } from './request-handler.ts';
import { UpstreamRegistry } from './upstream-registry.ts';

export interface ImageRegistryOptions {
  /** OCI image layouts to serve, never written to; the first that knows a name wins. */
  readonly layouts: readonly string[];
  /** Where pulled and loaded images are kept. */
  readonly dataDirectory: string;
  /** 127.0.0.1 by default; nodes reach it through their own host address. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly signal: AbortSignal;
  /** Replaced in tests. */
  readonly fetch?: typeof fetch;
}

/** The registry that nodes pull from; disposing closes it and its connections. */
export interface ImageRegistry extends AsyncDisposable {
  readonly port: number;
  /** Loads an OCI or docker archive; resolves to the names it brought. */
  load(file: string, signal?: AbortSignal): Promise<readonly string[]>;
  list(): Promise<readonly { readonly name: string; readonly digest: string }[]>;
}

/** Serves bundled, loaded and pulled-through images by the OCI distribution protocol (read only). */
export async function startImageRegistry(options: ImageRegistryOptions): Promise<ImageRegistry> {
  options.signal.throwIfAborted();
  const own = new ImageLayout(join(options.dataDirectory, 'images'));
  // What the user loaded stands before what we bundle, so that `coracle image load` can replace a bundled image.
  const layouts = [own, ...options.layouts.map((directory) => new ImageLayout(directory))];
  const pulled = new ImageLayout(join(options.dataDirectory, 'pulled'));
  const upstream = new UpstreamRegistry({ now: Date.now, fetch: options.fetch });
  const source = new ImageSource({ layouts, pulled, upstream, signal: options.signal });
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    handleRegistryRequest(source, request, response).catch((cause: unknown) => {
      console.error('image registry request failed', { url: request.url, error: String(cause) });
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new Error(`Cannot start the image registry: ${cause.message}`, { cause })));
    server.listen(options.port, options.host ?? '127.0.0.1', resolve);
  });
  const close = async (): Promise<void> => {
    options.signal.removeEventListener('abort', closeNow);
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => { server.close(() => resolve()); });
    server.closeAllConnections();
    await closed;
  };
  const closeNow = (): void => { close().catch(console.error); };
  options.signal.addEventListener('abort', closeNow, { once: true });
  return {
    port: (server.address() as AddressInfo).port,
    load: (file, signal) => loadImageArchive({ file, layout: own, signal }),
    list: async () => {
      const names = new Map<string, string>();
      for (const layout of [pulled, ...layouts.toReversed()]) for (const [name, { digest }] of await layout.images()) names.set(name, digest);
      return [...names].sort().map(([name, digest]) => ({ name, digest }));
    },
    [Symbol.asyncDispose]: close,
  };
}

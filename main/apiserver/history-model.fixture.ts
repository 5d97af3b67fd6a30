import type { Transport } from '../../kube/client/transport.ts';
import { encodeQuery, Frames, type WatchFrame } from './watch-frames.fixture.ts';

export interface Entry {
  readonly rv: number;
  readonly name: string;
  /** Its label `app`; undefined: deleted at rv. */
  readonly app: string | undefined;
}

/** What the API server should say: all writes of one namespace in order, and nothing else. */
export class HistoryModel {
  readonly entries: Entry[] = [];
  /** The first revision that can still be read. */
  oldest = 0;

  get newest(): number {
    return this.entries.at(-1)?.rv ?? 0;
  }

  /** name → entry, in the order of names, of what the selector picks at a revision. */
  at(rv: number, selects: Selects = everything): Map<string, Entry> {
    const state = new Map<string, Entry>();
    for (const entry of this.entries) {
      if (entry.rv > rv) break;
      if (entry.app === undefined) state.delete(entry.name);
      else state.set(entry.name, entry);
    }
    return new Map([...state].filter(([, { app }]) => selects(app ?? '')).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  current(name: string): Entry | undefined {
    const last = this.entries.findLast((entry) => entry.name === name);
    return last?.app === undefined ? undefined : last;
  }

  /** The events that a watch delivers after a revision: what enters the selection is ADDED, what leaves it DELETED. */
  eventsAfter(rv: number, selects: Selects = everything): string[] {
    const lines: string[] = [];
    for (const entry of this.entries.filter((one) => one.rv > rv)) {
      const before = this.at(entry.rv - 1).get(entry.name);
      const was = before !== undefined && selects(before.app ?? '');
      const is = entry.app !== undefined && selects(entry.app);
      if (was || is) lines.push(`${is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED'} ${entry.name}@${entry.rv}`);
    }
    return lines;
  }
}

export type Selects = (app: string) => boolean;
export const everything: Selects = () => true;

export interface Answer {
  readonly status: number;
  readonly body: { readonly metadata?: { readonly name?: string; readonly resourceVersion?: string; readonly continue?: string; readonly labels?: { readonly app?: string } }; readonly items?: readonly ConfigMapLike[]; readonly message?: string; readonly reason?: string };
}
export interface ConfigMapLike {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
}

/** Requests to the config maps of one namespace. */
export class NamespaceClient {
  readonly #transport: Transport;
  readonly #path: string;

  constructor(transport: Transport, namespace: string) {
    this.#transport = transport;
    this.#path = `/api/v1/namespaces/${namespace}/configmaps`;
  }

  async ask(method: string, { name, query = {}, body, patch = false }: { name?: string; query?: Readonly<Record<string, string | number>>; body?: object; patch?: boolean }): Promise<Answer> {
    const path = `${this.#path}${name === undefined ? '' : `/${name}`}${encodeQuery(query)}`;
    const headers = { 'content-type': patch ? 'application/merge-patch+json' : 'application/json' };
    const response = await this.#transport.fetch({ method, path, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    const chunks: Uint8Array[] = [];
    if (response.body instanceof Uint8Array) chunks.push(response.body);
    else for await (const chunk of response.body) chunks.push(chunk);
    return { status: response.status, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) as Answer['body'] };
  }

  async watch(query: Readonly<Record<string, string | number>>, signal: AbortSignal): Promise<Frames> {
    const response = await this.#transport.fetch({ method: 'GET', path: `${this.#path}${encodeQuery({ ...query, watch: '1' })}`, signal });
    return new Frames(response);
  }
}

export function configMap(name: string, app: string, resourceVersion?: string): object {
  return { metadata: { name, labels: { app }, ...(resourceVersion ? { resourceVersion } : {}) } };
}

export function lineOf({ type, object: { metadata } }: WatchFrame): string {
  if (type === 'BOOKMARK') return metadata.annotations?.['k8s.io/initial-events-end'] === 'true' ? 'SYNCED' : 'BOOKMARK';
  return `${type} ${metadata.name}@${metadata.resourceVersion}`;
}

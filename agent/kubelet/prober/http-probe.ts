import http from 'node:http';
import https from 'node:https';
import type { ProbeOutcome } from './run-probe.ts';

export interface HttpProbeOptions {
  readonly scheme: 'HTTP' | 'HTTPS';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly timeoutMs: number;
  readonly userAgent?: string;
}

/** Upstream reads at most 10 KiB of the answer. */
const MAX_BODY_BYTES = 10 * 1024;
const MAX_REDIRECTS = 10;

/** 200–399 is success; a redirect to another host is success with a warning, as upstream. Certificates are not verified. */
export async function httpProbe(options: HttpProbeOptions): Promise<ProbeOutcome> {
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  let url = new URL(`${options.scheme.toLowerCase()}://${host}:${options.port}${options.path.startsWith('/') ? '' : '/'}${options.path}`);
  const deadline = AbortSignal.timeout(options.timeoutMs);
  try {
    for (let redirects = 0; redirects < MAX_REDIRECTS; redirects++) {
      const { status, location, body } = await request(url, options, deadline);
      if (status >= 300 && status < 400 && location !== undefined) {
        const next = new URL(location, url);
        if (next.hostname !== url.hostname) return { result: 'success', output: `Probe terminated redirects, Response body: ${body}` };
        url = next;
        continue;
      }
      if (status >= 200 && status < 400) return { result: 'success', output: body };
      return { result: 'failure', output: `HTTP probe failed with statuscode: ${status}` };
    }
    return { result: 'failure', output: `Get "${url.href}": stopped after 10 redirects` };
  } catch (error) {
    const reason = deadline.aborted ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)' : goDialError(error, `${options.host}:${options.port}`);
    return { result: 'failure', output: `Get "${url.href}": ${reason}` };
  }
}

function request(url: URL, { headers, userAgent = 'kube-probe/1.36' }: HttpProbeOptions, signal: AbortSignal): Promise<{ status: number; location?: string; body: string }> {
  const own: Record<string, string> = { 'user-agent': userAgent, accept: '*/*', connection: 'close' };
  for (const { name, value } of headers) {
    if (value === '' && ['user-agent', 'accept'].includes(name.toLowerCase())) delete own[name.toLowerCase()];
    else own[name.toLowerCase()] = value;
  }
  return new Promise((resolve, reject) => {
    const client = url.protocol === 'https:' ? https : http;
    const outgoing = client.request(url, { headers: own, agent: false, signal, ...(url.protocol === 'https:' && { rejectUnauthorized: false }) }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = (): void => resolve({ status: response.statusCode ?? 0, location: response.headers.location, body: Buffer.concat(chunks).toString('utf8').slice(0, MAX_BODY_BYTES) });
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size < MAX_BODY_BYTES) return;
        finish();
        response.destroy();
      });
      response.on('end', finish);
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** Network errors as Go's net package words them, since people search for them. */
export function goDialError(error: unknown, address: string): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ECONNREFUSED') return `dial tcp ${address}: connect: connection refused`;
  if (code === 'EHOSTUNREACH') return `dial tcp ${address}: connect: no route to host`;
  if (code === 'ENETUNREACH') return `dial tcp ${address}: connect: network is unreachable`;
  if (code === 'ETIMEDOUT') return `dial tcp ${address}: i/o timeout`;
  if (code === 'ECONNRESET') return `read tcp ${address}: read: connection reset by peer`;
  return error instanceof Error ? error.message : String(error);
}

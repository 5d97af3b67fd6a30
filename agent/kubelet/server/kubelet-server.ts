import https from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { NodeAgentConfiguration } from '../../../kube/api/coracle/v1/node-agent-configuration.ts';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { Client } from '../../../kube/client/client.ts';
import type { Kubelet } from '../kubelet.ts';
import type { MachineFacts } from '../node/machine-facts.ts';
import type { CertificateManager } from '../pki/certificate-manager.ts';
import { ServerAuthorization } from './authorization.ts';
import { handleRequest } from './routes.ts';
import { handleUpgrade } from './streaming.ts';
import { refuseUpgrade } from './upgrade.ts';

export interface KubeletServerOptions {
  readonly config: NodeAgentConfiguration;
  readonly client: Client;
  readonly kubelet: Kubelet;
  readonly serving: CertificateManager;
  readonly machine: MachineFacts;
  readonly clock: Clock;
}

const RETRY_MS = 1000;

/** The kubelet's HTTPS API on kubeletPort: logs, exec, attach, port-forward, stats (upstream: pkg/kubelet/server). */
export class KubeletServer {
  readonly #options: KubeletServerOptions;
  readonly #authorization: ServerAuthorization;

  constructor(options: KubeletServerOptions) {
    this.#options = options;
    this.#authorization = new ServerAuthorization({ client: options.client, clock: options.clock, nodeName: options.config.nodeName });
  }

  /** Serves as soon as there is a certificate, until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { serving, config, clock } = this.#options;
    try {
      const pair = await serving.ensure(signal);
      const server = https.createServer({ ...pair, ca: config.clusterCA, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' });
      server.on('request', (request, response) => this.#request(request, response));
      server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
      server.on('tlsClientError', () => undefined);
      // Following a log may take days.
      server.requestTimeout = 0;
      server.timeout = 0;
      while (!signal.aborted && !(await listen(server, config.kubeletPort))) await clock.sleep(RETRY_MS, signal);
      const rotation = serving.run(signal);
      let cert = pair.cert;
      while (!signal.aborted) {
        await clock.sleep(60_000, signal).catch(() => undefined);
        const current = serving.current;
        if (current !== undefined && current.cert !== cert) server.setSecureContext({ ...current, ca: config.clusterCA });
        cert = current?.cert ?? cert;
      }
      server.close();
      server.closeAllConnections();
      await rotation;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const ended = new AbortController();
    response.once('close', () => ended.abort(new Error('the client has gone')));
    response.on('error', () => ended.abort(new Error('the client has gone')));
    this.#authorization.refusal(request)
      .then((refusal) => (refusal === undefined ? handleRequest({ ...this.#options, request, response, signal: ended.signal }) : fail(response, refusal.code, refusal.message)))
      .catch((error: unknown) => {
        if (!ended.signal.aborted) fail(response, 500, error instanceof Error ? error.message : String(error));
      });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    this.#authorization.refusal(request)
      .then((refusal) => (refusal === undefined ? handleUpgrade({ ...this.#options, request, socket, head }) : refuseUpgrade(socket, refusal)))
      .catch((error: unknown) => refuseUpgrade(socket, { code: 500, reason: 'InternalError', message: error instanceof Error ? error.message : String(error) }));
  }
}

function fail(response: ServerResponse, code: number, message: string): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
}

/** False when the port is taken: an older agent may be about to end. */
function listen(server: https.Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', (error) => {
      console.error('Cannot listen', { port, error: String(error) });
      resolve(false);
    });
    server.listen(port, () => {
      server.removeAllListeners('error');
      server.on('error', (error) => console.error('Kubelet server failed', { error: String(error) }));
      resolve(true);
    });
  });
}

import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Duplex } from 'node:stream';
import type { Node } from '../../../kube/api/generated/core/v1.ts';
import { goValue } from '../../../kube/apimachinery/go-format.ts';
import { failureStatus, StatusError } from '../../../kube/apimachinery/status.ts';
import { newServiceUnavailable } from '../../../kube/apimachinery/status-errors.ts';
import type { NodeDialer } from '../api-server.ts';
import { dialProblem, UNREACHABLE } from './secure-stream.ts';

export interface NodeConnectionOptions {
  /** Absent: nodes are reached directly by address. */
  readonly dialer?: NodeDialer;
  /** What the API server shows to kubelets. */
  readonly kubeletClient?: { readonly certificate: string; readonly key: string };
  /** What is thrown when the target cannot be reached, of the reason in Go's words; absent: 503, as a proxy says it. */
  readonly refusal?: (problem: string) => Error;
}

export interface NodeTarget {
  /** Which node's network the target is in; undefined: reach it directly. */
  readonly nodeName: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly scheme: 'http' | 'https';
  /** Show the kubelet client certificate. */
  readonly isKubelet?: boolean;
}

const KUBELET_PORT = 10_250;
/** Upstream's order of preference. */
const ADDRESS_TYPES = ['Hostname', 'InternalDNS', 'InternalIP', 'ExternalDNS', 'ExternalIP'];
/** Through the dialer only addresses make sense: the node resolves no names of ours. */
const DIALED_ADDRESS_TYPES = ['InternalIP', 'ExternalIP'];

/** Throws as upstream when the node has told no address that is any use. */
export function kubeletOf(node: Node, options: NodeConnectionOptions): NodeTarget {
  const addresses = node.status?.addresses ?? [];
  const types = options.dialer ? DIALED_ADDRESS_TYPES : ADDRESS_TYPES;
  const host = types.map((type) => addresses.find((address) => address.type === type)?.address).find((address) => address !== undefined);
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port || KUBELET_PORT;
  if (host === undefined) throw new StatusError(failureStatus({ code: 500, reason: '', message: `no preferred addresses found; known addresses: ${goValue(addresses.map(({ type, address }) => `{${type} ${address}}`))}` }));
  return { nodeName: node.metadata.name, host, port, scheme: 'https', isKubelet: true };
}

/** A byte stream to the target, TLS included. Upstream does not verify kubelet certificates unless told whose to trust; the dialer's channel is authenticated. */
export async function openStream(target: NodeTarget, options: NodeConnectionOptions, signal: AbortSignal): Promise<Duplex> {
  const raw = await dial(target, options, signal);
  raw.on('error', () => raw.destroy());
  if (target.scheme === 'http') return raw;
  const client = target.isKubelet && options.kubeletClient ? { cert: options.kubeletClient.certificate, key: options.kubeletClient.key } : {};
  return new Promise((resolve, reject) => {
    const socket = connectTls({ socket: raw, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'], ...client });
    const fail = (error: Error): void => {
      raw.destroy();
      reject(unreachable(target, options, error));
    };
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      socket.off('error', fail);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => raw.destroy());
      resolve(socket);
    });
  });
}

async function dial(target: NodeTarget, options: NodeConnectionOptions, signal: AbortSignal): Promise<Duplex> {
  const { nodeName, host, port } = target;
  const { dialer } = options;
  try {
    if (dialer && nodeName !== undefined) return await dialer.dialNode(nodeName, { host, port }, signal);
    return await new Promise((resolve, reject) => {
      const socket = connectTcp({ host, port, signal, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(socket);
      });
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw unreachable(target, options, error);
  }
}

function unreachable(target: NodeTarget, { refusal }: NodeConnectionOptions, error: unknown): Error {
  const problem = dialProblem(target, error);
  return refusal ? refusal(problem) : newServiceUnavailable(`${UNREACHABLE}${problem}`);
}

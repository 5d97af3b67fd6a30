import grpc from '@grpc/grpc-js';
import type { ProbeOutcome } from './run-probe.ts';

/** grpc.health.v1: 1 is SERVING. */
const SERVING = 1;

/** Asks grpc.health.v1.Health/Check; the two tiny messages are coded by hand. */
export function grpcProbe(options: { readonly host: string; readonly port: number; readonly service: string; readonly timeoutMs: number }): Promise<ProbeOutcome> {
  const { host, port, service, timeoutMs } = options;
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), { 'grpc.primary_user_agent': 'kube-probe/1.36', 'grpc.enable_http_proxy': 0 });
  return new Promise((resolve) => {
    client.makeUnaryRequest('/grpc.health.v1.Health/Check', encodeRequest, decodeStatus, service, new grpc.Metadata(), { deadline: Date.now() + timeoutMs }, (error, status) => {
      client.close();
      if (error?.code === grpc.status.UNIMPLEMENTED) resolve({ result: 'failure', output: `service "${service}" does not implement the grpc health protocol (grpc.health.v1.Health): ${error.details}` });
      else if (error?.code === grpc.status.DEADLINE_EXCEEDED || error?.code === grpc.status.UNAVAILABLE) resolve({ result: 'failure', output: `timeout: failed to connect service "${address}" within ${timeoutMs / 1000}s: ${error.details}` });
      else if (error !== null) resolve({ result: 'failure', output: `health rpc probe failed: ${error.message}` });
      else if (status !== SERVING) resolve({ result: 'failure', output: `service unhealthy (responded with "${STATUS_NAMES[status ?? 0] ?? 'UNKNOWN'}")` });
      else resolve({ result: 'success', output: 'service healthy' });
    });
  });
}

const STATUS_NAMES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  return name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
}

function decodeStatus(bytes: Buffer): number {
  return bytes[0] === 0x08 ? (bytes[1] ?? 0) : 0;
}

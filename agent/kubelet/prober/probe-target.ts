import type { Container } from '../../../kube/api/generated/core/v1.ts';

/** A number, or the name of one of the container's ports. Throws when there is no such port, in upstream's words. */
export function resolvePort(port: number | string | undefined, container: Container): number {
  if (typeof port === 'number') return port;
  const named = (container.ports ?? []).find(({ name }) => name === port);
  const value = named?.containerPort ?? Number(port);
  if (!Number.isInteger(value) || value < 1 || value > 65_535) throw new Error(`invalid port number: ${port}`);
  return value;
}

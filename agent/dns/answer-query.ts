import { decode, encode } from 'dns-packet';
import type { Answer, DecodedPacket, Packet } from 'dns-packet';
import type { RecordData, Zone } from './zone.ts';

const authoritative = 1 << 10;
const recursionAvailable = 1 << 7;
/** Short, so that clients notice changes of Services; CoreDNS's default too. */
const ttl = 5;
const rcode = { ok: 0, formatError: 1, serverFailure: 2, nameError: 3, notImplemented: 4 } as const;

export type QueryOutcome =
  | { readonly type: 'answer'; readonly packet: Buffer }
  /** Not a name of the cluster: ask the outside. `target` when an ExternalName led there. */
  | { readonly type: 'forward'; readonly query: Buffer; readonly failure: Buffer; readonly prefix: readonly Answer[] }
  /** Not a DNS query: say nothing. */
  | { readonly type: 'ignore' };

/** What to do with one query, as far as it can be told without asking others. Never throws on any bytes. */
export function answerQuery(query: Buffer, zone: Zone): QueryOutcome {
  const packet = parse(query);
  if (packet === undefined || packet.type !== 'query') return { type: 'ignore' };
  const question = packet.questions?.[0];
  if (question === undefined || packet.questions?.length !== 1) return { type: 'answer', packet: respond(packet, { code: rcode.formatError }) };
  if ((((packet.flags ?? 0) >> 11) & 0xf) !== 0) return { type: 'answer', packet: respond(packet, { code: rcode.notImplemented }) };
  const name = question.name.toLowerCase();
  if (!zone.covers(name)) return { type: 'forward', query, failure: respond(packet, { code: rcode.serverFailure }), prefix: [] };
  const { exists, records, additional } = zone.lookup(name, question.type);
  const alias = records.find((record) => record.type === 'CNAME');
  if (alias?.type === 'CNAME' && question.type !== 'CNAME') return followAlias({ packet, question, alias, zone });
  return {
    type: 'answer',
    packet: respond(packet, {
      code: exists ? rcode.ok : rcode.nameError,
      answers: records.map((record) => toAnswer(record, question.name)),
      additionals: additional.map((record) => toAnswer(record)),
      ...(records.length === 0 ? { authorities: [startOfAuthority(zone.domain)] } : {}),
    }),
  };
}

function followAlias({ packet, question, alias, zone }: { packet: DecodedPacket; question: { name: string; type: string }; alias: RecordData & { type: 'CNAME' }; zone: Zone }): QueryOutcome {
  const prefix = [toAnswer(alias, question.name)];
  if (zone.covers(alias.target)) {
    const { records } = zone.lookup(alias.target, question.type);
    return { type: 'answer', packet: respond(packet, { code: rcode.ok, answers: [...prefix, ...records.map((record) => toAnswer(record))] }) };
  }
  const query = encode({ type: 'query', id: packet.id ?? 0, flags: 1 << 8, questions: [{ type: question.type as 'A', name: alias.target }] });
  return { type: 'forward', query, failure: respond(packet, { code: rcode.ok, answers: prefix }), prefix };
}

/** An answer from outside with the alias that led there put in front, to the original question. */
export function joinAlias({ original, answer, prefix }: { readonly original: Buffer; readonly answer: Buffer; readonly prefix: readonly Answer[] }): Buffer {
  const asked = parse(original);
  const outside = parse(answer);
  if (asked === undefined || outside === undefined) return answer;
  return respond(asked, { code: (outside.flags ?? 0) & 0xf, answers: [...prefix, ...(outside.answers ?? [])] });
}

/** UDP answers beyond what the client takes are cut; the client asks again by TCP. */
export function truncateForUdp(query: Buffer, answer: Buffer): Buffer {
  const packet = parse(query);
  const size = packet?.additionals?.find((entry) => entry.type === 'OPT');
  const limit = Math.max(512, size?.type === 'OPT' ? size.udpPayloadSize : 512);
  if (answer.length <= limit || packet === undefined) return answer;
  return respond(packet, { code: (answer.readUInt16BE(2) & 0xf), truncated: true });
}

interface Parts {
  readonly code: number;
  readonly answers?: readonly Answer[];
  readonly additionals?: readonly Answer[];
  readonly authorities?: readonly Answer[];
  readonly truncated?: boolean;
}

function respond(query: DecodedPacket, parts: Parts): Buffer {
  const recursionDesired = (query.flags ?? 0) & (1 << 8);
  const packet: Packet = {
    type: 'response',
    id: query.id ?? 0,
    flags: authoritative | recursionAvailable | recursionDesired | parts.code | (parts.truncated === true ? 1 << 9 : 0),
    questions: query.questions ?? [],
    answers: [...(parts.answers ?? [])],
    authorities: [...(parts.authorities ?? [])],
    additionals: [...(parts.additionals ?? [])],
  };
  return encode(packet);
}

function toAnswer(record: RecordData, name = record.name): Answer {
  switch (record.type) {
    case 'A':
      return { type: 'A', name, ttl, data: record.address };
    case 'CNAME':
      return { type: 'CNAME', name, ttl, data: record.target };
    case 'PTR':
      return { type: 'PTR', name, ttl, data: record.target };
    case 'SRV':
      return { type: 'SRV', name, ttl, data: { target: record.target, port: record.port, priority: 0, weight: record.weight } };
    case 'TXT':
      return { type: 'TXT', name, ttl, data: record.text };
  }
}

function startOfAuthority(domain: string): Answer {
  return { type: 'SOA', name: domain, ttl, data: { mname: `ns.dns.${domain}`, rname: `hostmaster.${domain}`, serial: 1, refresh: 7200, retry: 1800, expire: 86_400, minimum: ttl } };
}

function parse(bytes: Buffer): DecodedPacket | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined; // Not DNS.
  }
}

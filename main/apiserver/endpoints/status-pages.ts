import { formatTime } from '../../../kube/apimachinery/time.ts';
import { newNotAcceptable } from '../../../kube/apimachinery/status-errors.ts';
import { encode, type Encodable } from '../negotiation/encode.ts';
import { parseAccept } from '../negotiation/media-type.ts';
import { startedAtMs } from '../metrics/process-metrics.ts';
import { versionInfo } from '../version.ts';
import { addWarning, type ApiResponse, type RequestContext } from './request.ts';
import { textResponse } from './respond.ts';

const WARNING = 'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.';
const GROUP = 'config.k8s.io';
const VERSIONS = ['v1beta1', 'v1alpha1'];
const PATHS = ['/flagz', '/healthz', '/livez', '/metrics', '/readyz', '/statusz', '/version'];

/** Option by option, under kube-apiserver's names. */
export type Flags = Readonly<Record<string, string>>;

/** /statusz (KEP-4827): what runs here since when. */
export function statusz(context: RequestContext, nowMs: number): ApiResponse {
  const { goVersion = '', gitVersion = '', major = '', minor = '' } = versionInfo();
  const version = `${major}.${minor}`;
  const binaryVersion = /\d+\.\d+\.\d+/.exec(gitVersion)?.[0] ?? version;
  const upSeconds = Math.floor((nowMs - startedAtMs()) / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const up = `${Math.floor(upSeconds / 3600)} hr ${two(Math.floor(upSeconds / 60) % 60)} min ${two(upSeconds % 60)} sec`;
  const lines = [`Started: ${unixDate(startedAtMs())}`, `Up: ${up}`, `Go version: ${goVersion}`, `Binary version: ${binaryVersion}`, `Emulation version: ${version}`, `Paths: ${PATHS.join(' ')}`];
  const fields = { startTime: formatTime(startedAtMs()), uptimeSeconds: upSeconds, goVersion, binaryVersion, emulationVersion: version, paths: PATHS };
  return page(context, { kind: 'Statusz', text: `\napiserver statusz\n${WARNING}\n\n${lines.join('\n')}\n`, fields });
}

/** /flagz (KEP-4828): how it was started. */
export function flagz(context: RequestContext, flags: Flags): ApiResponse {
  const sorted = Object.entries(flags).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = `\napiserver flagz\n${WARNING}\n${sorted.map(([name, value]) => `${name}: ${value}\n`).join('')}`;
  return page(context, { kind: 'Flagz', text, fields: { flags: Object.fromEntries(sorted) } });
}

interface Page {
  readonly kind: 'Statusz' | 'Flagz';
  readonly text: string;
  readonly fields: object;
}

/** Text, or the object for who asks for it by group, version and kind. */
function page(context: RequestContext, { kind, text, fields }: Page): ApiResponse {
  const { accept } = context.request.headers;
  if (!accept) return textResponse(200, text);
  for (const { type, subtype, parameters } of parseAccept(accept)) {
    if ((type === '*' && subtype === '*') || (type === 'text' && (subtype === 'plain' || subtype === '*'))) return textResponse(200, text);
    const format = subtype === 'json' ? 'json' : subtype === 'yaml' ? 'yaml' : undefined;
    const version = parameters.get('v') ?? '';
    if (type !== 'application' || !format || parameters.get('g') !== GROUP || parameters.get('as') !== kind || !VERSIONS.includes(version)) continue;
    if (version === 'v1alpha1') addWarning(context, `This version of the ${kind.toLowerCase()} endpoint is deprecated. Please use a newer version.`);
    const object = { kind, apiVersion: `${GROUP}/${version}`, metadata: { name: 'apiserver' }, ...fields } as Encodable;
    const pretty = /^(curl|Wget|Mozilla\/5\.0)/.test(context.request.headers['user-agent'] ?? '');
    return { status: 200, headers: { 'content-type': `application/${format};g=${GROUP};v=${version};as=${kind}` }, body: encode(object, { format, pretty }) };
  }
  throw newNotAcceptable(['application/json', 'application/yaml', 'text/plain']);
}

/** `Wed Nov 25 23:16:56 UTC 2026`, as date(1). */
function unixDate(ms: number): string {
  const [weekday = '', day = '', month = '', year = '', time = ''] = new Date(ms).toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} UTC ${year}`;
}

/** Image references as every Docker-like tool reads them (distribution/reference): `[domain[:port]/]path[:tag][@digest]`. */
const DOMAIN_COMPONENT = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = `(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const PATH_COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const NAME = `(?:${DOMAIN}/)?${PATH_COMPONENT}(?:/${PATH_COMPONENT})*`;
const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const REFERENCE = new RegExp(`^(${NAME})(?::(${TAG}))?(?:@(${DIGEST}))?$`);
const IDENTIFIER = /^[a-f0-9]{64}$/;
const MAX_NAME_LENGTH = 255;
const DEFAULT_DOMAIN = 'docker.io';
/** Hexadecimal digits of the algorithms that there are. */
const DIGEST_LENGTHS: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** The tag: `latest` when neither tag nor digest is named, empty when only a digest is named or the reference is malformed. */
export function imageTag(image: string): string {
  if (IDENTIFIER.test(image)) return '';
  const { domain, remainder } = splitDomain(image);
  const remote = remainder.split(':', 1)[0] ?? '';
  if (remote.toLowerCase() !== remote) return '';
  const match = REFERENCE.exec(`${domain}/${remainder}`);
  if (match === null || (match[1] ?? '').length > MAX_NAME_LENGTH) return '';
  const [, , tag = '', digest = ''] = match;
  if (digest !== '' && !isDigest(digest)) return '';
  return tag === '' && digest === '' ? 'latest' : tag;
}

function isDigest(digest: string): boolean {
  const [algorithm = '', encoded = ''] = digest.split(':');
  return DIGEST_LENGTHS[algorithm] === encoded.length && encoded === encoded.toLowerCase();
}

/** Without a domain of their own images come from Docker Hub, where those of one name are in `library`. */
function splitDomain(image: string): { readonly domain: string; readonly remainder: string } {
  const slash = image.indexOf('/');
  const first = slash < 0 ? '' : image.slice(0, slash);
  const isDomain = slash >= 0 && (first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase());
  const domain = isDomain && first !== 'index.docker.io' ? first : DEFAULT_DOMAIN;
  const remainder = isDomain ? image.slice(slash + 1) : image;
  return { domain, remainder: domain === DEFAULT_DOMAIN && !remainder.includes('/') ? `library/${remainder}` : remainder };
}

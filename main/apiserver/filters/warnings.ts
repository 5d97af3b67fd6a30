/** Characters of all warnings of one answer; when there are more, each is cut to the second (upstream: filters/warning.go). */
const MAX_TOTAL = 4096;
const MAX_CUT = 256;
/** As many as fit at the length that the shortest ones have. A hostile object could have a million. */
const MAX_WARNINGS = 256;

/** Notes a warning for the answer, each text once; what a header cannot say is not said. */
export function addWarningTo(warnings: string[], text: string): void {
  if (text !== '' && !/\p{Cc}/u.test(text) && warnings.length < MAX_WARNINGS && !warnings.includes(text)) warnings.push(text);
}

/** The values of the Warning header. */
export function warningHeaders(warnings: readonly string[]): string[] {
  const texts = warnings.map((text) => [...text]);
  const isTooLong = texts.reduce((sum, text) => sum + text.length, 0) > MAX_TOTAL;
  if (!isTooLong) return texts.map(headerOf);
  const headers: string[] = [];
  let written = 0;
  for (const text of texts) {
    if (written >= MAX_TOTAL) break;
    const cut = text.slice(0, MAX_CUT);
    written += cut.length;
    headers.push(headerOf(cut));
  }
  return headers;
}

function headerOf(text: readonly string[]): string {
  const printable = text.map((char) => (char < ' ' || char === '\u007f' ? ' ' : char)).join('');
  return `299 - "${Buffer.from(printable.replace(/["\\]/g, '\\$&'), 'utf8').toString('latin1')}"`;
}

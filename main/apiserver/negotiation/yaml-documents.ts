const MARKER = /^(?:---|\.\.\.)(?=\s|$)/;

/** The first document of a stream; the others do not count, whatever is in them (upstream: yaml.Unmarshal reads one). */
export function firstYamlDocument(text: string): string {
  if (!/^(?:---|\.\.\.)/m.test(text)) return text;
  const lines = text.split('\n');
  let begun = false;
  for (const [index, line] of lines.entries()) {
    if (MARKER.test(line)) {
      if (begun) return `${lines.slice(0, index).join('\n')}\n`;
      begun = line.startsWith('---');
    } else if (!/^\s*(?:#|$)|^%/.test(line)) {
      begun = true;
    }
  }
  return text;
}

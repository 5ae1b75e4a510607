/**
 * The first key that stands twice in one object of a JSON text, at any depth; undefined when there is none. The text
 * must be valid JSON (`JSON.parse` accepts it, and keeps the last of equal keys without a word).
 */
export function findDuplicateKey(text: string): string | undefined {
  // One set of keys for each open object, undefined for each open array.
  const open: (Set<string> | undefined)[] = [];
  for (const token of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}[\]]/g)) {
    const [what] = token;
    if (what === '{') open.push(new Set());
    else if (what === '[') open.push(undefined);
    else if (what === '}' || what === ']') open.pop();
    else if (token[1] !== undefined) {
      const key: string = JSON.parse(what.slice(0, -token[1].length));
      const keys = open[open.length - 1];
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}

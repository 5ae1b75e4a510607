/** WGSL with its comments, keywords, types and numbers set apart. */
export function Wgsl({ code, label }: { code: string; label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="wgsl" tabIndex={0} aria-label={label}>
      <pre>
        <code>
          {tokens(code).map(({ kind, text }, i) => (
            <span key={i} class={kind}>
              {text}
            </span>
          ))}
        </code>
      </pre>
    </section>
  );
}

type Kind = 'comment' | 'keyword' | 'type' | 'number' | 'attribute' | 'plain';

/** In this order: the first that matches at a place counts. */
const TOKENS: readonly [Kind, RegExp][] = [
  ['comment', /\/\/[^\n]*|\/\*[\s\S]*?\*\//y],
  ['attribute', /@\w+/y],
  ['number', /\b(0x[0-9a-fA-F]+|\d+(\.\d*)?([eE][+-]?\d+)?)[iufh]?\b/y],
  [
    'keyword',
    /\b(alias|break|case|const|continue|continuing|default|diagnostic|discard|else|enable|fn|for|if|let|loop|override|requires|return|struct|switch|true|false|var|while)\b/y,
  ],
  [
    'type',
    /\b(bool|[iuf]32|f16|vec[234][iufh]?|mat[234]x[234][fh]?|array|atomic|ptr|uniform|storage|workgroup|private|function|read|write|read_write)\b/y,
  ],
  ['plain', /\w+|\s+|[^\w\s]/y],
];

/** The text cut into tokens; neighbours of one kind are one. */
export function tokens(code: string): { kind: Kind; text: string }[] {
  const found: { kind: Kind; text: string }[] = [];
  let at = 0;
  while (at < code.length) {
    const [kind, text] = tokenAt(code, at);
    const last = found[found.length - 1];
    if (last?.kind === kind) last.text += text;
    else found.push({ kind, text });
    at += text.length;
  }
  return found;
}

function tokenAt(code: string, at: number): [Kind, string] {
  for (const [kind, pattern] of TOKENS) {
    pattern.lastIndex = at;
    const text = pattern.exec(code)?.[0];
    if (text) return [kind, text];
  }
  return ['plain', code[at]!];
}

/** An element of a parsed document. */
export interface XmlElement {
  name: string;
  attributes: Record<string, string>;
  children: XmlElement[];
  text: string;
}

const NAME = '[A-Za-z_][\\w:.-]*';
const TOKEN = new RegExp(`<\\?xml [^?]*\\?>|<(/?)(${NAME})((?:\\s+${NAME}="[^"<]*")*)\\s*(/?)>|([^<]+)`, 'gy');
const REFERENCE = /&(?!(?:#\d+|#x[\da-fA-F]+|amp|lt|gt|quot|apos);)/;

/** Parses the part of XML that SVG files are written in, strictly: anything that is not well formed is an error. */
export function parseXml(text: string): XmlElement {
  const root: XmlElement = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new Error(`not well formed at ${at}: ${text.slice(at, at + 60)}`);
    const [token, closing, name, attributes, empty, content] = match;
    if (REFERENCE.test(token)) throw new Error(`a bare & at ${at}: ${token.slice(0, 60)}`);
    const current = open.at(-1)!;
    if (content !== undefined) current.text += content;
    else if (closing) {
      if (current.name !== name) throw new Error(`</${name}> at ${at} closes <${current.name}>`);
      open.pop();
    } else if (name) {
      const element: XmlElement = { name, attributes: {}, children: [], text: '' };
      for (const [, key, value] of attributes!.matchAll(new RegExp(`(${NAME})="([^"]*)"`, 'g'))) {
        if (key! in element.attributes) throw new Error(`two attributes ${key} in <${name}> at ${at}`);
        element.attributes[key!] = value!;
      }
      current.children.push(element);
      if (!empty) open.push(element);
    }
  }
  if (open.length > 1) throw new Error(`<${open.at(-1)!.name}> is never closed`);
  if (root.children.length !== 1 || root.text.trim()) throw new Error('a document has exactly one root element');
  return root.children[0]!;
}

/** All elements of a name, in document order. */
export function elements(root: XmlElement, name: string): XmlElement[] {
  return root.children.flatMap(child => [...(child.name === name ? [child] : []), ...elements(child, name)]);
}

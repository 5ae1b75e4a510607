import { KernelError } from '../platform/errors.ts';
import { type ShaderName, shaders } from './shaders.generated.ts';

/** A shader of ours by name, or somebody's own text (a kernel under test, a user's). */
export type Shader = ShaderName | { readonly text: string };

const instances = new Map<string, string>();

/**
 * A shader's text with its `const` parameters set: `const TILE: u32 = 8;` becomes `const TILE: u32 = 4;`.
 * @throws KernelError when the shader has no such constant.
 */
export function instantiate(shader: Shader, constants: Readonly<Record<string, number | boolean>> = {}): string {
  const text = shaderText(shader);
  const key = `${typeof shader === 'string' ? shader : text} ${JSON.stringify(constants)}`;
  let code = instances.get(key);
  if (code !== undefined) return code;
  code = text;
  for (const [constant, value] of Object.entries(constants)) {
    const pattern = new RegExp(`^(const ${constant}: (u32|i32|f32|bool) = )[^;]*;`, 'm');
    const match = pattern.exec(code);
    if (!match)
      throw new KernelError(
        `shader ${typeof shader === 'string' ? `'${shader}'` : 'given as text'}: it has no line 'const ${constant}: type = value;' to set`,
      );
    code = code.replace(pattern, `${match[1]}${literal(value, match[2]!)};`);
  }
  instances.set(key, code);
  return code;
}

export function shaderText(shader: Shader): string {
  return typeof shader === 'string' ? shaders[shader] : shader.text;
}

function literal(value: number | boolean, type: string): string {
  if (type === 'bool') return value ? 'true' : 'false';
  if (type === 'f32') return `f32(${value})`;
  return `${Number(value)}${type === 'u32' ? 'u' : 'i'}`;
}

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { assemble, shaderModule } from '../../scripts/build-shaders.ts';
import { instantiate } from '../../src/kernels/shader.ts';
import { type ShaderName, shaders } from '../../src/kernels/shaders.generated.ts';
import { KernelError } from '../../src/platform/errors.ts';
import { gpuEngine } from '../support/engine.ts';

const generated = fileURLToPath(new URL('../../src/kernels/shaders.generated.ts', import.meta.url));

describe('shaders', () => {
  it('are all in the generated module as they stand in shaders/ (else: npm run shaders)', () => {
    expect(readFileSync(generated, 'utf8') === shaderModule()).toBe(true);
  });

  it('put what they use in front, and directives before that', () => {
    const text = '// use: a, b\nenable subgroups;\nfn main() {}\n';
    expect(assemble(text, name => `fn ${name}() {}\n`)).toBe(
      'enable subgroups;\nfn a() {}\nfn b() {}\n// use: a, b\nfn main() {}\n',
    );
  });

  it('are valid WGSL with their default constants', async () => {
    const { handle } = (await gpuEngine()).gpu.device;
    const errors: string[] = [];
    for (const [name, code] of Object.entries(shaders)) {
      handle.pushErrorScope('validation');
      handle.createShaderModule({ label: name, code });
      const error = await handle.popErrorScope();
      if (error) errors.push(`${name}: ${error.message}`);
    }
    expect(errors).toEqual([]);
  });

  it('begin with what they compute', () => {
    const silent = Object.entries(shaders)
      .filter(([, code]) => !/^\/\/ /m.test(code))
      .map(([name]) => name);
    expect(silent).toEqual([]);
  });

  it('take constants by name and type, and refuse a name they do not have', () => {
    const name: ShaderName = 'matmul/register_tile';
    const code = instantiate(name, { TM: 2 });
    expect(code).toContain('const TM: u32 = 2u;');
    expect(code).toContain('const TN: u32 = 4;');
    expect(() => instantiate(name, { TX: 2 })).toThrow(KernelError);
    expect(() => instantiate(name, { TX: 2 })).toThrow(/'matmul\/register_tile'.*const TX/);
    expect(instantiate({ text: 'const ON: bool = false;\nconst X: f32 = 1.0;' }, { ON: true, X: 3 })).toBe(
      'const ON: bool = true;\nconst X: f32 = f32(3);',
    );
  });
});

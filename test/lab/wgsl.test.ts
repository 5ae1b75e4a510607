import { describe, expect, it } from 'vitest';
import { tokens } from '../../lab/page/parts/wgsl.tsx';
import { shaders } from '../../src/kernels/shaders.generated.ts';

describe('WGSL in tokens', () => {
  it('loses nothing of any shader', () => {
    for (const code of Object.values(shaders)) {
      expect(
        tokens(code)
          .map(({ text }) => text)
          .join(''),
      ).toBe(code);
    }
  });

  it('tells comments, keywords, types, numbers and attributes apart', () => {
    const code = '// let it be\n@compute fn format(x: vec4f) -> u32 { let y2 = 0x1fu + 1.5e-3; } /* var */';
    const found = tokens(code).filter(({ kind }) => kind !== 'plain');
    expect(found.map(({ kind, text }) => [kind, text])).toEqual([
      ['comment', '// let it be'],
      ['attribute', '@compute'],
      ['keyword', 'fn'],
      ['type', 'vec4f'],
      ['type', 'u32'],
      ['keyword', 'let'],
      ['number', '0x1fu'],
      ['number', '1.5e-3'],
      ['comment', '/* var */'],
    ]);
  });
});

import type { Engine } from '../../../src/tensor/engine.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { gridSize } from './grid.ts';
import gridShader from './grid.wgsl';
import mapsShader from './maps.wgsl';
import type { Painter, Painting } from './painter.ts';
import { GROUNDS, type Ground, PALETTES, paletteTable } from './palettes.ts';
import rangeShader from './range.wgsl';

const UNIFORM_BYTES = 64;
/** More maps than any layer has channels; as many ranges are kept. */
const MAX_MAPS = 65535;

/**
 * Draws with render passes on the engine's own device, which read the storage buffers that the kernels wrote: nothing is
 * copied, and nothing waits.
 */
export class GpuPainter implements Painter {
  private readonly device: GPUDevice;
  private readonly format: GPUTextureFormat;
  private readonly draw: GPURenderPipeline;
  private readonly findRange: GPUComputePipeline;
  private readonly uniform: GPUBuffer;
  private readonly ranges: GPUBuffer;
  private readonly palettes: Readonly<Record<Ground, GPUBuffer>>;
  private readonly contexts = new WeakMap<OffscreenCanvas, GPUCanvasContext>();

  constructor(private readonly engine: Engine) {
    this.device = engine.gpu.device.handle;
    const { device } = this;
    this.format = navigator.gpu.getPreferredCanvasFormat();
    const module = device.createShaderModule({ label: 'maps', code: gridShader + mapsShader });
    this.draw = device.createRenderPipeline({
      label: 'maps',
      layout: 'auto',
      vertex: { module },
      fragment: { module, targets: [{ format: this.format }] },
    });
    this.findRange = device.createComputePipeline({
      label: 'range',
      layout: 'auto',
      compute: { module: device.createShaderModule({ label: 'range', code: gridShader + rangeShader }) },
    });
    const buffer = (label: string, size: number, usage: number) =>
      device.createBuffer({ label, size, usage: usage | GPUBufferUsage.COPY_DST });
    this.uniform = buffer('grid', UNIFORM_BYTES, GPUBufferUsage.UNIFORM);
    this.ranges = buffer('ranges', 8 * MAX_MAPS, GPUBufferUsage.STORAGE);
    this.palettes = Object.fromEntries(
      GROUNDS.map(ground => {
        const table = paletteTable(ground);
        const made = buffer(`palettes on ${ground}`, table.byteLength, GPUBufferUsage.STORAGE);
        device.queue.writeBuffer(made, 0, table);
        return [ground, made];
      }),
    ) as Record<Ground, GPUBuffer>;
  }

  paint(canvas: OffscreenCanvas, tensor: Tensor, painting: Painting): void {
    const { device } = this;
    const { maps, grid, range, ground } = painting;
    const [width, height] = gridSize(maps, grid);
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    device.queue.writeBuffer(this.uniform, 0, packGrid(painting));
    const bind = (pipeline: GPUComputePipeline | GPURenderPipeline, ...others: GPUBuffer[]) =>
      device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [
          { buffer: this.uniform },
          this.engine.gpu.locate(tensor.view),
          ...others.map(buffer => ({ buffer })),
        ].map((resource, binding) => ({ binding, resource })),
      });
    const encoder = device.createCommandEncoder({ label: 'paint' });
    if (typeof range === 'string') {
      const pass = encoder.beginComputePass();
      pass.setPipeline(this.findRange);
      pass.setBindGroup(0, bind(this.findRange, this.ranges));
      pass.dispatchWorkgroups(range === 'each' ? maps.count : 1);
      pass.end();
    }
    const view = this.contextOf(canvas).getCurrentTexture().createView();
    const pass = encoder.beginRenderPass({
      colorAttachments: [{ view, loadOp: 'clear', storeOp: 'store', clearValue: [0, 0, 0, 0] }],
    });
    pass.setPipeline(this.draw);
    pass.setBindGroup(0, bind(this.draw, this.ranges, this.palettes[ground]));
    pass.draw(3);
    pass.end();
    device.queue.submit([encoder.finish()]);
  }

  private contextOf(canvas: OffscreenCanvas): GPUCanvasContext {
    let context = this.contexts.get(canvas);
    if (!context) {
      // It exists already where another device, since lost, drew on this canvas.
      context = canvas.getContext('webgpu') as unknown as GPUCanvasContext;
      context.configure({ device: this.device, format: this.format, alphaMode: 'premultiplied' });
      this.contexts.set(canvas, context);
    }
    return context;
  }

  [Symbol.dispose](): void {
    for (const buffer of [this.uniform, this.ranges, ...Object.values(this.palettes)]) buffer.destroy();
  }
}

/** The shaders' struct Grid. */
function packGrid({ maps, grid, palette, range }: Painting): ArrayBuffer {
  const bytes = new ArrayBuffer(UNIFORM_BYTES);
  const { start, map, row, column, channel = 0, count, width, height } = maps;
  const { columns, scale, gap } = grid;
  const coded = palette === 'rgb' ? PALETTES.length : PALETTES.indexOf(palette);
  const ranged = range === 'all' ? 1 : range === 'each' ? 2 : 0;
  const numbers = [start, map, row, column, channel, count, width, height, columns, scale, gap, coded, ranged];
  new Uint32Array(bytes).set(numbers);
  if (typeof range !== 'string') new Float32Array(bytes).set(range, numbers.length);
  return bytes;
}

/** One measurement of a matrix product of float32. */
export interface MatmulMeasure {
  /** Rows, columns and inner length. */
  size: number;
  gflops: number;
  milliseconds: number;
  repeats: number;
}

const TILE = 4;

// Each thread makes a tile of 4 x 4 results, so that one load serves four multiply-adds.
const SHADER = /* wgsl */ `
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4f>;
override n: u32;
@compute @workgroup_size(8, 8) fn main(@builtin(global_invocation_id) id: vec3u) {
  let columns = n / 4;
  let row = id.y * 4;
  var sum: array<vec4f, 4>;
  for (var k = 0u; k < columns; k++) {
    let b0 = b[(k * 4) * columns + id.x];
    let b1 = b[(k * 4 + 1) * columns + id.x];
    let b2 = b[(k * 4 + 2) * columns + id.x];
    let b3 = b[(k * 4 + 3) * columns + id.x];
    for (var i = 0u; i < 4; i++) {
      let x = a[(row + i) * columns + k];
      sum[i] += x.x * b0 + x.y * b1 + x.z * b2 + x.w * b3;
    }
  }
  for (var i = 0u; i < 4; i++) { c[(row + i) * columns + id.x] = sum[i]; }
}`;

/**
 * How fast this device multiplies matrices: the median of batches of products, timed from submission to the end.
 * `idle` is the source's `rest`, so that waiting takes no core from a software adapter.
 */
export async function measureMatmul(
  device: GPUDevice,
  idle: (pending: () => boolean) => void = () => {},
): Promise<MatmulMeasure> {
  const size = 512;
  const usage = GPUBufferUsage.STORAGE;
  const buffers = [0, 1, 2].map(() => device.createBuffer({ size: size * size * 4, usage }));
  const module = device.createShaderModule({ code: SHADER });
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module, constants: { n: size } },
  });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const run = async (count: number): Promise<number> => {
    const start = performance.now();
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let i = 0; i < count; i++) pass.dispatchWorkgroups(size / TILE / 8, size / TILE / 8);
    pass.end();
    device.queue.submit([encoder.finish()]);
    let done = false;
    idle(() => !done);
    await device.queue.onSubmittedWorkDone().finally(() => {
      done = true;
    });
    return performance.now() - start;
  };
  try {
    await run(1);
    // Batches of a tenth of a second: long against the cost of a submission, short against a driver's watchdog.
    const repeats = Math.max(1, Math.min(1000, Math.round(100 / (await run(1)))));
    const times: number[] = [];
    for (let i = 0; i < 5; i++) times.push((await run(repeats)) / repeats);
    const milliseconds = times.sort((x, y) => x - y)[2]!;
    return { size, gflops: (2 * size ** 3) / milliseconds / 1e6, milliseconds, repeats: repeats * times.length };
  } finally {
    for (const buffer of buffers) buffer.destroy();
  }
}

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type SafetensorsSource, writeSafetensors } from '../io/safetensors.ts';
import { ARCHITECTURE_NAMES, fitTo, readWeights, type WeightFile, without } from '../io/weights/index.ts';
import { Model, toOnnx } from '../nn/index.ts';
import { UsageError } from '../platform/errors.ts';
import { folderSource, nodeFiles, parseHdf5 } from '../platform/node.ts';
import { Engine } from '../tensor/engine.ts';
import { RunFolder } from '../train/run-folder.ts';
import { example, type GlobalOptions } from './options.ts';
import { formatBytes, print } from './output.ts';
import { fromTyped } from './parse.ts';

interface ConvertOptions extends GlobalOptions {
  half?: boolean;
  as?: string;
  drop: string[];
  meta: Record<string, string>;
}

export function register(program: Command): void {
  const command = program
    .command('convert')
    .argument(
      '<in>',
      'weights of Keras (.h5, .weights.h5, .keras), tfjs (model.json), PyTorch or weft (.safetensors), .npz, or a run',
    )
    .argument('<out>', 'a .safetensors file, or of a run an .onnx file')
    .description("make a safetensors file with weft's names and layout of weights in other formats, or ONNX of a run")
    .option('--half', 'round to float16: half the size')
    .addOption(
      new Option('--as <network>', 'check that they are complete weights of it, and name them so').choices(
        ARCHITECTURE_NAMES,
      ),
    )
    .option('--drop <name>', 'leave out a layer and what is in it; may be repeated', collect, [])
    .option('--meta <key=text>', 'a line for the metadata, such as a licence; may be repeated', collectMeta, {});
  example(
    command,
    'weft convert vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 vgg16.safetensors --as vgg16 --half',
    "weft convert torchvision-vgg16.safetensors vgg16.safetensors --as vgg16 --drop classifier --meta 'licence=CC BY 4.0'",
    'weft convert tfjs/model.json mine.safetensors',
    'weft convert runs/cnn cnn.onnx',
  );
  command.action(async (input: string, output: string) => {
    await convert(input, output, command.optsWithGlobals<ConvertOptions>());
  });
}

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

function collectMeta(line: string, before: Record<string, string>): Record<string, string> {
  const at = line.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('it must be KEY=TEXT.');
  return { ...before, [line.slice(0, at)]: line.slice(at + 1) };
}

async function convert(input: string, output: string, options: ConvertOptions): Promise<void> {
  if (output.endsWith('.onnx')) return await exportRun(input, output, options);
  if (!output.endsWith('.safetensors')) {
    throw new UsageError(`${output}: weft writes .safetensors and .onnx; give the result one of these endings`);
  }
  const path = (await isFolder(input)) ? join(input, 'model.safetensors') : input;
  const bytes = await nodeFiles.read(path);
  const read = await readWeights(bytes, path, { hdf5: parseHdf5, beside: folderSource(dirname(path)) });
  const kept = fromTyped(() => without(read, options.drop));
  const weights = options.as === undefined ? kept : fitTo(kept, options.as);
  const metadata = {
    ...weights.metadata,
    layout: 'kernels [rows, columns, in, out] or [in, out]',
    converted_from: basename(path),
    source_sha256: createHash('sha256').update(bytes).digest('hex'),
    ...options.meta,
  };
  const file = fromTyped(() => writeSafetensors(sourcesOf(weights, options.half ?? false), metadata));
  await nodeFiles.write(output, file);
  const count = [...weights.tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
  print(
    `${output}: ${weights.tensors.size} arrays, ${count.toLocaleString('en-US')} numbers, ${formatBytes(file.length)}; ` +
      `from ${weights.metadata.format ?? 'safetensors'}`,
  );
}

/** ONNX needs the architecture, which a run has and weights alone have not. */
async function exportRun(input: string, output: string, { half, as, drop, meta }: ConvertOptions): Promise<void> {
  if (half || as !== undefined || drop.length > 0) {
    throw new UsageError(`${output}: --half, --as and --drop are for .safetensors; leave them out`);
  }
  if (!(await isFolder(input))) {
    throw new UsageError(
      `${input}: ONNX is made of a run, which knows its architecture; name a folder of 'weft train'`,
    );
  }
  const run = new RunFolder(nodeFiles, input);
  const { model: architecture } = await run.readConfig();
  const weights = await run.readModel();
  // Nothing is computed: the engine only holds the weights.
  using engine = Engine.reference();
  using model = Model.fromJSON(engine, architecture);
  model.load(weights, run.at('model.safetensors'));
  const file = await toOnnx(model, meta);
  await nodeFiles.write(output, file);
  print(
    `${output}: ${model.name}, ${formatBytes(file.length)}; input [N, ${model.inputShape.join(', ')}] from 0 to 1, ` +
      `output [N, ${model.outputShape.join(', ')}], logits`,
  );
}

function sourcesOf({ tensors, where }: WeightFile, half: boolean): Record<string, SafetensorsSource> {
  return Object.fromEntries(
    [...tensors].map(([name, { shape, data, dtype }]) => {
      if (data instanceof Float32Array) return [name, { shape, data, half }];
      if (data instanceof Float64Array) return [name, { shape, data: Float32Array.from(data), half }];
      throw new UsageError(
        `${where}: '${name}' is of type ${dtype}, weights are floats; leave it out with --drop ${name}`,
      );
    }),
  );
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

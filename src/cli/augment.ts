import { type Command, Option } from 'commander';
import { encode } from 'fast-png';
import { AUGMENTATION_NAMES, type AugmentationName, augmentedCopy, findAugmentation } from '../data/augmentation.ts';
import type { ImageData8 } from '../data/dataset.ts';
import { findDataSet } from '../data/find.ts';
import { GpuDataset } from '../data/gpu-dataset.ts';
import { nodeDataPlaces, nodeFiles } from '../platform/node.ts';
import type { Engine } from '../tensor/engine.ts';
import { openEngine } from './open-engine.ts';
import { dataOption, example, type GlobalOptions } from './options.ts';
import { log, print } from './output.ts';
import { wholeFrom } from './parse.ts';

interface AugmentCommandOptions extends GlobalOptions {
  out: string;
  policy?: AugmentationName;
  copies: number;
  seed: number;
  data?: string;
}

/** Pixels of the sheet for one of a picture, between pictures, and above a policy's rows. */
const SCALE = 2;
const GAP = 4;
const HEADROOM = 16;
const GROUND = 0x60;
/** Pictures shown: the first of each of so many classes. */
const SHOWN = 3;

export function register(program: Command): void {
  const command = program
    .command('augment')
    .description('draw what the augmentation policies make of training pictures')
    .requiredOption('--out <file>', 'the PNG to write')
    .addOption(new Option('--policy <name>', 'only this one (default: all)').choices(AUGMENTATION_NAMES))
    .option('--copies <n>', 'copies of each picture beside the original', wholeFrom(1), 10)
    .option('--seed <n>', 'key of the draws', wholeFrom(0), 1);
  example(
    dataOption(command),
    'weft augment --out sheet.png',
    'weft augment --policy strong --copies 16 --out strong.png',
  );
  command.action(async () => {
    await drawSheet(command.optsWithGlobals<AugmentCommandOptions>());
  });
}

async function drawSheet(options: AugmentCommandOptions): Promise<void> {
  const { train } = await findDataSet(nodeDataPlaces(options.data), log);
  const names = options.policy ? [options.policy] : AUGMENTATION_NAMES.filter(name => name !== 'none');
  using engine = await openEngine(options);
  using data = new GpuDataset(engine, train);
  const numbers = firstOfClasses(train);
  const sheet = new Sheet(train, { across: options.copies + 1, blocks: names.length, rows: numbers.length });
  for (const [block, name] of names.entries()) {
    for (let copy = 0; copy <= options.copies; copy++) {
      const pictures = await makeCopy(engine, data, numbers, name, { seed: options.seed, copy });
      for (let row = 0; row < numbers.length; row++) sheet.place(pictures, row, block, copy);
    }
  }
  const { width, height, bytes, channels } = sheet;
  await nodeFiles.write(options.out, encode({ width, height, data: bytes, channels, depth: 8 }));
  print(
    `${options.out}: ${width} x ${height} pixels; the originals, then ${options.copies} copies of each; from the top:`,
  );
  for (const name of names) {
    const { name: _, ...ranges } = findAugmentation(name);
    print(
      `  ${name}: ${Object.entries(ranges)
        .map(([what, range]) => `${what} ${range}`)
        .join(', ')}`,
    );
  }
}

function firstOfClasses({ labels, classes }: ImageData8): Uint32Array {
  const found = classes.map((_, label) => labels.indexOf(label)).filter(index => index >= 0);
  return Uint32Array.from(found.slice(0, SHOWN));
}

async function makeCopy(
  engine: Engine,
  data: GpuDataset,
  numbers: Uint32Array,
  name: AugmentationName,
  which: { readonly seed: number; readonly copy: number },
): Promise<ArrayLike<number>> {
  return await engine.scope(async () => {
    const indices = engine.tensor(numbers, [numbers.length], 'u32');
    return await augmentedCopy(engine, data.batch(indices).images, indices, findAugmentation(name), which).data();
  });
}

/** A picture of pictures: blocks below each other, in each a row for each picture and a column for each copy. */
class Sheet {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly bytes: Uint8Array;
  private readonly cell: { readonly width: number; readonly height: number };
  private readonly blockHeight: number;

  constructor(
    private readonly image: Pick<ImageData8, 'width' | 'height' | 'channels'>,
    { across, blocks, rows }: { readonly across: number; readonly blocks: number; readonly rows: number },
  ) {
    this.channels = image.channels === 3 ? 3 : 1;
    this.cell = { width: SCALE * image.width + GAP, height: SCALE * image.height + GAP };
    this.blockHeight = rows * this.cell.height + HEADROOM;
    this.width = across * this.cell.width + GAP;
    this.height = blocks * this.blockHeight + GAP;
    this.bytes = new Uint8Array(this.width * this.height * this.channels).fill(GROUND);
  }

  /** Draws picture `row` of `pictures` [rows, H, W, C], values from 0 to 1. */
  place(pictures: ArrayLike<number>, row: number, block: number, column: number): void {
    const { width, height, channels } = this.image;
    const left = GAP + column * this.cell.width;
    const top = HEADROOM + block * this.blockHeight + row * this.cell.height;
    for (let y = 0; y < SCALE * height; y++) {
      for (let x = 0; x < SCALE * width; x++) {
        const from = ((row * height + Math.floor(y / SCALE)) * width + Math.floor(x / SCALE)) * channels;
        const to = ((top + y) * this.width + left + x) * this.channels;
        for (let k = 0; k < this.channels; k++) this.bytes[to + k] = Math.round(255 * pictures[from + k]!);
      }
    }
  }
}

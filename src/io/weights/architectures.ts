/** The networks whose published weights weft knows: each layer's shape, and what it is called elsewhere. */
import { FileError, ValueError } from '../../platform/errors.ts';
import type { SafetensorsEntry } from '../safetensors.ts';
import type { WeightFile } from './named.ts';

interface KnownLayer {
  /** What weft calls it. */
  readonly name: string;
  /** What Keras's files, the old ones too, and torchvision's call it. */
  readonly aliases: readonly string[];
  /** [rows, columns, in, out] of a convolution, [channels] of a batch norm. */
  readonly shape: readonly number[];
  /** Of a convolution: always there, or in all of the network's convolutions or none. */
  readonly bias?: 'always' | 'all or none';
}

/** Convolutions of each block, and their filters. */
function vgg(convolutions: readonly number[]): KnownLayer[] {
  const layers: KnownLayer[] = [];
  // torchvision numbers convolutions, ReLUs and poolings alike.
  let number = 0;
  let channels = 3;
  convolutions.forEach((count, block) => {
    const filters = Math.min(64 * 2 ** block, 512);
    for (let i = 1; i <= count; i++) {
      layers.push({
        name: `block${block + 1}.conv${i}`,
        aliases: [`block${block + 1}_conv${i}`, `features.${number}`],
        shape: [3, 3, channels, filters],
        bias: 'always',
      });
      channels = filters;
      number += 2;
    }
    number++;
  });
  return layers;
}

/** A convolution with its batch norm; `old` and `torch`: what those call the two. */
function convolution(
  name: string,
  shape: readonly number[],
  old: readonly [string, string],
  torch: readonly [string, string],
): KnownLayer[] {
  return [
    { name: `${name}_conv`, aliases: [old[0], torch[0]], shape, bias: 'all or none' },
    { name: `${name}_bn`, aliases: [old[1], torch[1]], shape: shape.slice(3) },
  ];
}

/**
 * `blocks` of each stage; bottlenecks are three convolutions, the last four times as wide. Names are Keras's. Where a stage
 * begins, Keras has the stride in a bottleneck's first convolution, torchvision in its second: the weights of one are no
 * weights for the other, though their shapes are the same.
 */
function resnet(blocks: readonly number[], bottleneck: boolean): KnownLayer[] {
  const layers = convolution('conv1', [7, 7, 3, 64], ['conv1', 'bn_conv1'], ['conv1', 'bn1']);
  let channels = 64;
  blocks.forEach((count, stage) => {
    const width = 64 * 2 ** stage;
    const wide = bottleneck ? 4 * width : width;
    for (let i = 0; i < count; i++) {
      const name = `conv${stage + 2}_block${i + 1}`;
      const letter = String.fromCharCode(97 + i);
      const add = (part: number, shape: readonly number[], branch: string, torch: [string, string]) => {
        const old = `${stage + 2}${letter}_branch${branch}`;
        const there = torch.map(own => `layer${stage + 1}.${i}.${own}`) as [string, string];
        layers.push(...convolution(`${name}_${part}`, shape, [`res${old}`, `bn${old}`], there));
      };
      if (i === 0 && channels !== wide) add(0, [1, 1, channels, wide], '1', ['downsample.0', 'downsample.1']);
      const shapes = bottleneck
        ? [
            [1, 1, channels, width],
            [3, 3, width, width],
            [1, 1, width, wide],
          ]
        : [
            [3, 3, channels, width],
            [3, 3, width, width],
          ];
      shapes.forEach((shape, k) => {
        add(k + 1, shape, `2${'abc'[k]}`, [`conv${k + 1}`, `bn${k + 1}`]);
      });
      channels = wide;
    }
  });
  return layers;
}

const ARCHITECTURES: Readonly<Record<string, () => KnownLayer[]>> = {
  vgg16: () => vgg([2, 2, 3, 3, 3]),
  vgg19: () => vgg([2, 2, 4, 4, 4]),
  resnet18: () => resnet([2, 2, 2, 2], false),
  resnet34: () => resnet([3, 4, 6, 3], false),
  resnet50: () => resnet([3, 4, 6, 3], true),
  resnet101: () => resnet([3, 4, 23, 3], true),
  resnet152: () => resnet([3, 8, 36, 3], true),
};

/** Networks that `fitTo` knows: their convolutions and batch norms, without the dense layers on top. */
export const ARCHITECTURE_NAMES: readonly string[] = Object.keys(ARCHITECTURES);

const NORM = ['gamma', 'beta', 'running_mean', 'running_variance'];

/**
 * The weights of a known network by weft's names, complete and of the right shapes.
 * @throws FileError naming every array that is missing, left over or of another shape; ValueError for an unknown network.
 */
export function fitTo(file: WeightFile, network: string): WeightFile {
  if (!Object.hasOwn(ARCHITECTURES, network)) {
    throw new ValueError(`network '${network}': weft knows ${ARCHITECTURE_NAMES.join(', ')}`);
  }
  const layers = ARCHITECTURES[network]!();
  const rest = new Map(file.tensors);
  const hasBias = layers.some(({ aliases, name }) => [name, ...aliases].some(known => rest.has(`${known}.bias`)));
  const tensors = new Map<string, SafetensorsEntry>();
  const problems: string[] = [];
  for (const { name, aliases, shape, bias } of layers) {
    const wanted: [string, readonly number[]][] =
      shape.length === 1 ? NORM.map(role => [role, shape]) : [['kernel', shape]];
    if (bias === 'always' || (bias && hasBias)) wanted.push(['bias', shape.slice(3)]);
    for (const [role, expected] of wanted) {
      const found = [name, ...aliases].map(known => `${known}.${role}`).find(known => rest.has(known));
      const entry = found === undefined ? undefined : rest.get(found);
      if (!entry) problems.push(`'${name}.${role}' [${expected.join(', ')}] is missing`);
      else if (entry.shape.join() !== expected.join()) {
        problems.push(`'${found}' is [${entry.shape.join(', ')}], ${network} has [${expected.join(', ')}]`);
      } else tensors.set(`${name}.${role}`, entry);
      if (found !== undefined) rest.delete(found);
    }
  }
  for (const name of rest.keys()) problems.push(`'${name}' is left over`);
  if (problems.length > 0) throw new FileError(`${file.where}: are no weights of ${network}: ${problems.join('; ')}`);
  return { ...file, metadata: { ...file.metadata, network }, tensors };
}

/**
 * The weights without some layers, such as the dense ones on top.
 * @param prefixes names of layers or of arrays.
 * @throws ValueError for one that nothing is called.
 */
export function without(file: WeightFile, prefixes: readonly string[]): WeightFile {
  const tensors = new Map(file.tensors);
  for (const prefix of prefixes) {
    const names = [...tensors.keys()].filter(name => name === prefix || name.startsWith(`${prefix}.`));
    if (names.length === 0) {
      throw new ValueError(`${file.where}: nothing is called '${prefix}'; there are ${[...tensors.keys()].join(', ')}`);
    }
    for (const name of names) tensors.delete(name);
  }
  return { ...file, tensors };
}

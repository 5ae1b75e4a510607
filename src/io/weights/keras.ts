/**
 * Weights of Keras as HDF5 files hold them. Two layouts:
 *
 *     legacy    /block1_conv1/block1_conv1_W_1:0    `layer_names` and `weight_names` say what there is; Keras 1 and 2, `.h5` of
 *               /model_weights/conv1/...            Keras 3, the official files of VGG16, VGG19 and ResNet
 *     Keras 3   /layers/conv2d_1/vars/0             `.weights.h5`, and inside `.keras`; arrays of a layer by number
 */
import { FileError } from '../../platform/errors.ts';
import type { Hdf5Contents, Hdf5Dataset } from '../../platform/platform.ts';
import { NamedTensors, roleOf, type WeightFile } from './named.ts';

/** What optimizers keep is no part of the network. */
export const KERAS_SKIP = ['/optimizer', '/optimizer_weights'];

/** @throws FileError naming an array that is missing, left over, or that no layer of weft has. */
export function readKeras(contents: Hdf5Contents, where: string): WeightFile {
  const base = contents.attributes['/model_weights'] ? '/model_weights' : '';
  return contents.attributes[base || '/']?.layer_names !== undefined || hasParts(contents, base || '/', 'layer_names')
    ? readLegacy(contents, base, where)
    : readKeras3(contents, where);
}

function hasParts({ attributes }: Hdf5Contents, path: string, name: string): boolean {
  return attributes[path]?.[`${name}0`] !== undefined;
}

/** An attribute that is a list; long ones are kept in parts, `layer_names0`, `layer_names1`. */
function listOf(contents: Hdf5Contents, path: string, name: string): readonly string[] {
  const all = contents.attributes[path] ?? {};
  const whole = all[name];
  if (whole !== undefined) return typeof whole === 'string' ? [whole] : whole;
  const parts: string[] = [];
  for (let i = 0; all[`${name}${i}`] !== undefined; i++) parts.push(...[all[`${name}${i}`]!].flat());
  return parts;
}

function readLegacy(contents: Hdf5Contents, base: string, where: string): WeightFile {
  const datasets = new Map(contents.datasets.map(dataset => [dataset.path, dataset]));
  const tensors = new NamedTensors(where);
  for (const layer of listOf(contents, base || '/', 'layer_names')) {
    for (const weight of listOf(contents, `${base}/${layer}`, 'weight_names')) {
      const path = `${base}/${layer}/${weight}`;
      const dataset = datasets.get(path);
      if (!dataset) throw new FileError(`${where}: array '${path}' is missing; get a fresh copy`);
      datasets.delete(path);
      tensors.add(legacyName(layer, weight, where), dataset.shape, floatsOf(dataset, where));
    }
  }
  refuseLeftOver(datasets.keys(), where);
  return tensors.finish('Keras HDF5, legacy layout');
}

/** `block1_conv1_W_1:0`, `conv1/kernel:0`, `model/conv1/kernel`, or of a model inside a model `conv1/kernel:0`. */
function legacyName(layer: string, weight: string, where: string): string {
  const parts = weight.replace(/:\d+$/, '').split('/');
  const last = parts.pop()!;
  const own = last.startsWith(`${layer}_`) ? last.slice(layer.length + 1) : last;
  const inner = parts.at(-1);
  const path = inner === undefined || inner === layer ? layer : `${layer}.${inner}`;
  return `${path}.${roleOf(own.replace(/_\d+$/, ''), where, `${layer}/${weight}`)}`;
}

/** What a layer's numbered arrays are, by its class. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  conv2d: ['kernel', 'bias'],
  dense: ['kernel', 'bias'],
  batch_normalization: ['gamma', 'beta', 'running_mean', 'running_variance'],
};
/** Groups that only hold others. */
const HOLDERS = ['layers', '_layer_checkpoint_dependencies'];
/** State of what draws at random, such as dropout. */
const DRAWS = /\/seed_generator(_\d+)?\/vars\/\d+$/;

function readKeras3(contents: Hdf5Contents, where: string): WeightFile {
  const tensors = new NamedTensors(where);
  const counts = new Map<string, number>();
  const arrays = contents.datasets.filter(({ path }) => !DRAWS.test(path));
  const layerOf = (path: string) => /^(.+)\/vars\/(\d+)$/.exec(path);
  for (const { path } of arrays) {
    const group = layerOf(path)?.[1];
    if (group !== undefined) counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  for (const dataset of arrays) {
    const [, group, number] = layerOf(dataset.path) ?? [];
    if (group === undefined) refuseLeftOver([dataset.path], where);
    const kind = group!.slice(group!.lastIndexOf('/') + 1).replace(/_\d+$/, '');
    const roles = Object.hasOwn(VARIABLES, kind) ? VARIABLES[kind]! : undefined;
    const role = roles?.[Number(number)];
    if (!roles || role === undefined) {
      throw new FileError(
        `${where}: '${dataset.path}': weft cannot say what it is; it takes ${Object.keys(VARIABLES).join(', ')}`,
      );
    }
    if (kind === 'batch_normalization' && counts.get(group!) !== roles.length) {
      throw new FileError(
        `${where}: '${group}' has ${counts.get(group!)} arrays of ${roles.length}; weft takes a batch norm with scale and shift`,
      );
    }
    tensors.add(`${pathOf(contents, group!)}.${role}`, dataset.shape, floatsOf(dataset, where));
  }
  return tensors.finish('Keras 3');
}

/** The names that people gave the layers, as far as the file tells; else those it numbers them by. */
function pathOf({ attributes }: Hdf5Contents, group: string): string {
  const parts = group.split('/').slice(1);
  const names: string[] = [];
  parts.forEach((part, i) => {
    if (HOLDERS.includes(part)) return;
    const given = attributes[`/${parts.slice(0, i + 1).join('/')}/vars`]?.name;
    names.push(typeof given === 'string' ? given : part);
  });
  return names.join('.');
}

function floatsOf({ data, type, path }: Hdf5Dataset, where: string): Float32Array {
  if (!data) throw new FileError(`${where}: array '${path}' is of type ${type}; weights are float32 or float64`);
  return data;
}

function refuseLeftOver(paths: Iterable<string>, where: string): void {
  const all = [...paths];
  if (all.length === 0) return;
  throw new FileError(`${where}: left over: ${all.join(', ')}; weft knows no layer that they belong to`);
}

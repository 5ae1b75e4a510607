import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { DataSet } from '../../data/dataset.ts';
import { pathIn } from '../../data/files.ts';
import { packPictures } from '../../data/packed.ts';
import { splitOf } from '../../data/split.ts';
import { subset } from '../../data/subset.ts';
import { pretrainedFile } from '../../models/index.ts';
import type { DataSource } from '../../platform/platform.ts';
import type { RunFolder } from '../../train/run-folder.ts';
import { weftVersion } from '../package-json.ts';

/** The lab's files by their path on the site, each made when it is asked for. */
export type Site = ReadonlyMap<string, () => Promise<Uint8Array> | Uint8Array>;

/** What the page asks for first. */
export interface SiteDescription {
  readonly weft: string;
  /** Name of the run that was given with `--run`; its files lie under `run/`. */
  readonly run?: string;
  /** VGG16's weights, where they come with the page. */
  readonly vgg16?: { readonly path: string; readonly bytes: number };
}

/** Pictures that go with the page at most: as many to learn from as are held back. */
const PICTURES = 5000;

/** In a clone and in the package alike. */
const LAB = fileURLToPath(new URL('../../../lab', import.meta.url));

/** Made by scripts/record-lab.ts. */
const ASSETS = ['cnn.safetensors', 'recorded.safetensors'] as const;
/** The last only where a run was watched. */
const RUN = ['config.json', 'metrics.jsonl', 'model.safetensors', 'watch.jsonl'] as const;

/** Document, scripts and style: bundled from the sources where they are, else as they were when the package was made. */
export async function bundleLab(): Promise<Map<string, Uint8Array>> {
  if (!existsSync(`${LAB}/page`)) {
    const names = (await readdir(`${LAB}/dist`)).filter(name => /\.(html|js|css)$/.test(name));
    return new Map(await Promise.all(names.map(async name => [name, await readFile(`${LAB}/dist/${name}`)] as const)));
  }
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    absWorkingDir: LAB,
    entryPoints: { page: 'page/main.tsx', worker: 'worker/main.ts', study: 'study/main.ts' },
    // Both workers compute: what they share is fetched once.
    splitting: true,
    outdir: '.',
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    // Errors are told by the name of their class.
    keepNames: true,
    legalComments: 'none',
    loader: { '.wgsl': 'text' },
    logLevel: 'silent',
  });
  const bundled = outputFiles.map(({ path, contents }) => [path.replace(/^.*[/\\]/, ''), contents] as const);
  return new Map([['index.html', await readFile(`${LAB}/page/index.html`)], ...bundled]);
}

/** Everything that the page needs. @param weights where those that others have trained lie, if they shall go with it. */
export async function makeSite(data: DataSet, run?: RunFolder, weights?: DataSource): Promise<Site> {
  const vgg16 = weights && (await findVgg16(weights));
  const description: SiteDescription = {
    weft: weftVersion(),
    ...(run && { run: run.path }),
    ...(vgg16 && { vgg16: { path: vgg16.path, bytes: vgg16.bytes } }),
  };
  const site = new Map<string, () => Promise<Uint8Array> | Uint8Array>();
  for (const [name, bytes] of await bundleLab()) site.set(name, () => bytes);
  site.set('site.json', () => new TextEncoder().encode(JSON.stringify(description)));
  let pictures: Uint8Array | undefined;
  site.set('data/pictures.safetensors.gz', () => (pictures ??= gzipSync(labPictures(data))));
  for (const name of ASSETS) site.set(`assets/${name}`, () => readFile(`${LAB}/assets/${name}`));
  if (vgg16) site.set(vgg16.path, vgg16.read);
  // Read anew each time: the run may be under way.
  for (const name of run ? RUN : []) site.set(`run/${name}`, () => run!.files.read(run!.at(name)));
  return site;
}

/** The package on npm comes without them. */
async function findVgg16(weights: DataSource) {
  const file = pretrainedFile('vgg16-imagenet');
  const found = await stat(pathIn(weights, file)).catch(() => undefined);
  return found && { path: `weights/${file}`, bytes: found.size, read: async () => (await weights.read(file))! };
}

/** The pictures that the page trains on, and behind them those that it is judged by: see `packPictures`. */
export function labPictures({ train: images }: DataSet): Uint8Array {
  const split = splitOf(images);
  const [train, validation] = [split.train, split.validation].map(part => subset(part, images.labels, PICTURES));
  return packPictures(images, { train: train!, validation: validation! });
}

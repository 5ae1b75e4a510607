/**
 * A study asks one thing of a trained network. To add one, write it beside `filters.ts` and name it in `index.ts`:
 *
 *     export const sparsity: Study<SparsityResult> = {
 *       name: 'sparsity',
 *       title: 'How much is zero',
 *       describe: 'share of zeros in what each layer gives',
 *       unfit: ({ run }) => (hasConvolution(run.model) ? undefined : 'the network has no convolution'),
 *       run: async ({ run, unseen }) => measure(run.model, unseen.images),
 *       section: result => [text('...'), { kind: 'table', ... }],
 *     };
 *
 * What is computed is a function of `src/study`, tested by itself; a study says with which images and which control, and
 * how the result is shown.
 */
import type { ImageData8 } from '../../data/dataset.ts';
import type { Model } from '../../nn/index.ts';
import type { Look } from '../../study/watch.ts';
import type { Engine } from '../../tensor/engine.ts';
import type { Block } from '../document.ts';
import type { DeviceReport } from '../types.ts';

export interface Study<R = unknown> {
  /** On the command line and in results.json. */
  readonly name: string;
  /** Heading of its part of the page. */
  readonly title: string;
  /** What it finds out, in one line for --help. */
  readonly describe: string;
  /** Why it cannot be done with this run; undefined where it can. */
  unfit?(subject: Subject): string | undefined;
  /** The result as plain JSON. @throws InterruptedError when the subject's signal fires. */
  run(subject: Subject): Promise<R>;
  /** Draws a result, also one that was read from results.json. */
  section(result: R): readonly Block[];
}

/** What there is to look at. */
export interface Subject {
  readonly engine: Engine;
  /** The run that is studied. */
  readonly run: StudiedRun;
  /** Those to compare it with: other seeds, other networks. */
  readonly others: readonly StudiedRun[];
  /** Images that no weight was made by. */
  readonly unseen: ImageSample;
  /** As many that the run was trained on. */
  readonly seen: ImageSample;
  readonly signal: AbortSignal;
  /** Says how far it is. */
  progress(text: string): void;
}

/** A trained network with its weights on the device. */
export interface StudiedRun {
  /** What reports call it: the folder of the run. */
  readonly path: string;
  /** What its layers were like after every epoch; undefined of a run that was not watched. */
  readonly looks: readonly Look[] | undefined;
  readonly model: Model;
  /** The network as it was before its first step: see `Controls`. */
  first(): Promise<Model>;
  /** The network with random weights throughout, also where the run started with those of others: the usual control. */
  untrained(): Promise<Model>;
}

/** Some images of a data set. */
export interface ImageSample {
  readonly images: ImageData8;
  /** Of each, its number in the set it was taken from. */
  readonly numbers: Uint32Array;
  /** What reports call them: 'validation images'. */
  readonly what: string;
}

/** What became of one study: its result, or why there is none. */
export type StudyOutcome =
  | { readonly name: string; readonly seconds: number; readonly result: unknown }
  | { readonly name: string; readonly unfit: string };

/** results.json, and all that the page is made of. */
export interface StudyReport {
  readonly format: 'weft study 1';
  /** As it was typed. */
  readonly command: string;
  /** ISO 8601. */
  readonly updated: string;
  readonly run: string;
  readonly others: readonly string[];
  /** Name of the network, for people. */
  readonly title: string;
  readonly parameters: number;
  readonly seed: number;
  /** Which weights it had, for people: 'weights of 5 epochs'. */
  readonly weights: string;
  readonly data: string;
  /** How many images were looked at, and which: '500 validation images'. */
  readonly images: string;
  readonly device: DeviceReport;
  readonly versions: Readonly<Record<string, string>>;
  readonly studies: readonly StudyOutcome[];
}

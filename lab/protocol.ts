/**
 * What page and worker say to each other. The page asks by the name of a handler and gets one answer; the worker tells of
 * events when they happen. The types of requests are those of the handlers, in worker/handlers.
 */
import type { LayerConfig } from '../src/nn/index.ts';
import type { Network } from './network.ts';
import type { ForkState } from './worker/fork.ts';
import type { Handlers } from './worker/handlers/index.ts';
import type { Measured } from './worker/handlers/kernels.ts';

/** What a worker can be asked for, by name: functions of what the worker owns and of one input. */
// biome-ignore lint/suspicious/noExplicitAny: what they take differs from one to the next
export type Asked = Readonly<Record<string, (owner: any, input: any) => unknown>>;
export type InputOf<H extends Asked, N extends keyof H> = Parameters<H[N]>[1];
export type OutputOf<H extends Asked, N extends keyof H> = Awaited<ReturnType<H[N]>>;

/** Names, inputs and outputs of all requests to the worker that owns the network. */
export type RequestName = keyof Handlers;
export type RequestInput<N extends RequestName> = InputOf<Handlers, N>;
export type RequestOutput<N extends RequestName> = OutputOf<Handlers, N>;

export interface Request {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
}

export type Reply =
  | { readonly kind: 'answer'; readonly id: number; readonly output: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: Failure }
  | { readonly kind: 'event'; readonly name: string; readonly value: unknown };

/** An error as it crosses from one thread to the other. */
export interface Failure {
  /** Of the error's class: 'ShapeError'. */
  readonly name: string;
  readonly message: string;
}

/** Everything that the worker tells without being asked. */
export interface Events {
  /** The whole state, whenever a part of it has changed. */
  readonly state: LabState;
  /** Loss and accuracy of steps that were made, several times a second while training runs. */
  readonly moments: readonly Moment[];
  /** All of the past, whenever it is another one: a new model, a restored one, a step that was taken back. */
  readonly history: { readonly moments: readonly Moment[]; readonly judged: readonly Judged[] };
  /** The held-back pictures have been looked at: at the end of an epoch, and when asked. */
  readonly judged: Judged;
  /** What the network says of the chosen picture, after each time that it was run on it. */
  readonly seen: { readonly probabilities: readonly number[] };
  /** How far a measurement of kernels is. */
  readonly measured: MeasureProgress;
  /** How VGG16 stands: its weights, and the picture that it looks at. */
  readonly vgg16: Vgg16State;
  /** How many pictures have been looked at for mistakes. */
  readonly examined: { readonly done: number; readonly total: number };
  /** How a second branch of the training stands beside the first; undefined: there is none. */
  readonly fork: ForkState | undefined;
  /** Something that the reader of the page has to know. */
  readonly notice: Notice;
}

/** What page and worker both know. The worker owns it; the page shows it. */
export interface LabState {
  readonly engine: EngineState;
  readonly data: DataState | undefined;
  readonly model: ModelState | undefined;
  readonly training: TrainingState | undefined;
  readonly image: ChosenImage | undefined;
  /** Name of the layer that is looked at. */
  readonly layer: string | undefined;
  /** The class that the loss asks for: the label of the chosen picture, unless the reader asks for another. */
  readonly target: number;
}

export type EngineState =
  | { readonly status: 'starting' }
  | { readonly status: 'ready'; readonly adapter: string; readonly software: boolean }
  /** No WebGPU: values come from the reference in TypeScript, nothing can be trained. */
  | { readonly status: 'missing'; readonly reason: string }
  /** The device is gone; a new one is being opened. */
  | { readonly status: 'lost'; readonly reason: string };

export interface DataState {
  readonly name: string;
  readonly classes: readonly string[];
  /** [H, W, C]. */
  readonly imageShape: readonly number[];
  /** Pictures to learn from come first, those held back for validation behind them. */
  readonly train: number;
  readonly validation: number;
}

export interface ModelState {
  readonly network: Network;
  readonly layers: readonly LayerRow[];
  readonly parameters: number;
  /** Floating-point operations of one image's forward pass. */
  readonly flops: number;
  /** Names of all layers, as `Model.forward` captures them. */
  readonly layerNames: readonly string[];
  /** Where its numbers come from. */
  readonly origin: 'random' | 'trained' | 'file' | 'brought';
  /** Whether it started from the first numbers of its network, so that their change can be told. */
  readonly isOwn: boolean;
  /** Whether it is the run that the page was served with: how it began and went stands in the files of that. */
  readonly isRun: boolean;
}

/** A layer of the chain in figures, or why it cannot be. */
export interface LayerRow {
  readonly config: LayerConfig;
  readonly name: string;
  /** Of one example; undefined from the first impossible layer on. */
  readonly output: readonly number[] | undefined;
  readonly parameters: number;
  readonly flops: number;
  /** Part of the picture that one value depends on: `7 x 7`, or `all`. */
  readonly sees: string;
  /** Why the layer cannot stand here. */
  readonly problem?: string;
}

export interface TrainingState {
  /** Played from a file, since nothing can be trained here. */
  readonly recorded: boolean;
  readonly running: boolean;
  /** Steps done. */
  readonly step: number;
  /** The last one that is known: larger than `step` after going back. */
  readonly head: number;
  /** The first one that can be gone back to. */
  readonly start: number;
  readonly stepsPerEpoch: number;
  readonly learningRate: number;
  /** Of the first dropout; undefined where the network has none. */
  readonly dropout: number | undefined;
  /** As of late; undefined while it stands. */
  readonly imagesPerSecond: number | undefined;
}

/** What one step's batch came to, or the mean of several steps up to this one. */
export interface Moment {
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
}

export interface Judged {
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
  /** `confusion[actual][predicted]`; empty where it is not known. */
  readonly confusion: readonly (readonly number[])[];
}

export interface MeasureProgress {
  readonly what: Measured;
  readonly text: string;
  /** Absent where nobody can tell. */
  readonly done?: number;
  readonly total?: number;
}

export interface Vgg16State {
  readonly weights: Vgg16Weights;
  /** Undefined until it has been shown a picture. */
  readonly look: Vgg16Sight | undefined;
}

export type Vgg16Weights =
  /** `served`: bytes of the file that comes with the page. */
  | { readonly status: 'none'; readonly served?: number }
  | { readonly status: 'loading'; readonly loaded: number; readonly total: number }
  | { readonly status: 'ready'; readonly from: 'server' | 'kept' | 'file'; readonly bytes: number };

export interface Vgg16Layer {
  readonly name: string;
  /** Of one picture. */
  readonly output: readonly number[];
  readonly flops: number;
}

/** A picture on its way through the blocks. */
export interface Vgg16Sight {
  /** Side of the picture, as the network gets it. */
  readonly size: number;
  readonly layers: readonly Vgg16Layer[];
  /** How many layers have been computed. */
  readonly done: number;
  readonly running: boolean;
  readonly millisecondsLeft?: number;
  /** Dense layers of the run that the lab shows; probabilities only for pictures of their size. */
  readonly head?: {
    readonly classes: readonly string[];
    readonly size: number;
    readonly probabilities?: readonly number[];
  };
}

/** What a network made of pictures of the data set, an element for each that was looked at. */
export interface Examined {
  /** Of the network with its numbers: another one where either is. */
  readonly key: string;
  /** Training steps that the network had made. */
  readonly step: number;
  /** Pictures that were to be looked at. */
  readonly total: number;
  readonly places: Uint32Array;
  readonly labels: Uint8Array;
  readonly predictions: Uint8Array;
  /** Probability of the class that the picture was taken for. */
  readonly confidences: Float32Array;
  /** Cross-entropy, in nats. */
  readonly losses: Float32Array;
}

export type ChosenImage =
  /** A picture of the data set, by its place. */
  | { readonly kind: 'data'; readonly index: number; readonly label: number }
  /** One of the reader's own. */
  | { readonly kind: 'own'; readonly name: string };

export interface Notice {
  readonly kind: 'information' | 'problem';
  readonly title: string;
  readonly text: string;
}

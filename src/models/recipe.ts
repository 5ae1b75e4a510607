import type { AugmentationPolicy } from '../data/augmentation.ts';
import type { Shape } from '../kernels/spec.ts';
import type { Layer } from '../nn/layer.ts';
import type { OptimizerSettings, ScheduleSettings } from '../optim/index.ts';
import type { PretrainedName } from './pretrained.ts';

/** How a model is trained when nothing else is said. */
export interface TrainingDefaults {
  readonly epochs: number;
  readonly batch: number;
  readonly optimizer: OptimizerSettings['optimizer'];
  /** Largest of the schedule. */
  readonly learningRate: number;
  readonly schedule: ScheduleSettings['schedule'];
  /** SGD only. */
  readonly momentum?: number;
  readonly weightDecay?: number;
  /** Share of the target that is spread over all classes. Default 0. */
  readonly labelSmoothing?: number;
  /** What is done to training pictures, drawn anew in each step. Default: nothing. */
  readonly augmentation?: AugmentationPolicy;
  /**
   * How the features that a frozen beginning of the network gives are kept, which are computed once: 'f32' trains to the
   * same bits as 'off', where they are computed anew in every step; 'f16' needs half of the memory. Default 'f32'.
   */
  readonly features?: 'f32' | 'f16' | 'off';
  /** Augmented copies of each picture whose features are kept; each step draws one of them or the original. Default 4. */
  readonly copies?: number;
  /** What is not trained: layers, with what is inside them, or parameters, by name. Default: nothing. */
  readonly frozen?: readonly string[];
  /** Learning rates of layers or parameters by name, as multiples of the run's. Default: 1. */
  readonly learningRateScale?: Readonly<Record<string, number>>;
}

/** A model that people can name: its architecture and how it is trained. */
export interface Recipe {
  /** On the command line: `weft train NAME`. */
  readonly name: string;
  /** In reports. */
  readonly title: string;
  /** [H, W, C] of the pictures it was made for; others work where the layers allow it. */
  readonly inputShape: Shape;
  /** The architecture; its output are logits. `classes` is 10 unless said. */
  readonly build: (classes?: number) => Layer;
  /** What part of it starts with; the rest starts at random. Default: nothing. */
  readonly weights?: PretrainedName;
  readonly defaults: TrainingDefaults;
}

/** Fashion-MNIST. */
export const FASHION = { inputShape: [28, 28, 1], classes: 10 } as const;

import type { AugmentationPolicy } from '../data/augmentation.ts';
import type { Calibration } from '../study/calibration.ts';
import type { EpochMetrics } from '../train/events.ts';
import type { Robustness } from '../train/robustness.ts';

/**
 * What a report is made of: plain data that goes to JSON and back, so that a comparison can be stopped, continued and
 * drawn again without training anything.
 */

/** A picture in a report: [height, width, channels] bytes. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** The bytes in base64. */
  readonly pixels: string;
}

/** A test image that a model got wrong, with how sure it was of the wrong class. */
export interface Mistake {
  /** Which image of the test set. */
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** Softmax probability of the predicted class, 0 to 1. */
  readonly probability: number;
  readonly picture: Picture;
}

/** The one evaluation on the test set. */
export interface TestResult {
  readonly images: number;
  /** 0 to 1. */
  readonly accuracy: number;
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  /** Class of every test image, a byte each, in base64. */
  readonly labels: string;
  /** Predicted class of every test image, a byte each, in base64: what paired tests need. */
  readonly predictions: string;
  /** confusion[label][predicted]: how many images. */
  readonly confusion: readonly (readonly number[])[];
  /** The mistakes that the model was surest of, worst first. */
  readonly worst: readonly Mistake[];
  readonly calibration?: CalibrationReport;
}

/** Probabilities on the test images, as they come and after scaling by one temperature. */
export interface CalibrationReport {
  readonly plain: Calibration;
  /** Fitted to validation images that nothing was trained on; where some were held back. */
  readonly scaled?: Calibration & { readonly temperature: number };
}

/** One model trained with one seed, and judged. */
export interface RunResult {
  /** What stands in one column: a model with its settings and its amount of data, such as 'cnn' or 'cnn@600'. */
  readonly row: string;
  /** Its name on the command line, such as 'cnn'. */
  readonly model: string;
  /** Its name for people, such as 'CNN'. */
  readonly title: string;
  /** What it is made of, in one line. */
  readonly description: string;
  readonly seed: number;
  /** Images it was trained on. */
  readonly trained: number;
  readonly parameters: number;
  /** Floating-point operations of one forward pass over one image; a multiply-add counts as two. */
  readonly flopsPerImage: number;
  readonly epochs: readonly EpochMetrics[];
  /** Which epoch's weights were tested, and why that one. */
  readonly tested: { readonly epoch: number; readonly because: 'last' | 'best-validation' };
  readonly test: TestResult;
  /** Wall time of training with its validation, without compiling kernels. */
  readonly seconds: number;
  /** Before that: what a frozen beginning made of the pictures, which is computed once, and next to nothing where it was kept from another run. */
  readonly featureSeconds?: number;
  /** Training images a second, the median over the epochs. */
  readonly imagesPerSecond: number;
  /** What it was trained with: optimizer, learning rate, batch ... as plain values for people. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  readonly device: DeviceReport;
  /** SHA-256 of its config.json and of the weights that were tested: by them a repeated run is judged. */
  readonly sha256: { readonly config: string; readonly weights: string };
  /** Images shown to it in training, the same one counted each time. */
  readonly seen?: number;
  /** How training pictures were changed; absent where they were not. */
  readonly augmentation?: AugmentationPolicy;
  /** Where its first weights came from, such as 'imagenet'; absent where all were drawn. */
  readonly weights?: string;
  /** File with its logits on the test and validation images, within the comparison's folder: see `readOutputs`. */
  readonly outputs?: string;
  readonly robustness?: Robustness;
  /** Trains it again and compares. */
  readonly repeat: string;
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly finished: string;
}

/** What the numbers were measured on. */
export interface DeviceReport {
  readonly adapter: string;
  /** The driver and its version, as the adapter names itself. */
  readonly driver: string;
  /** A CPU that stands in for a GPU. */
  readonly software: boolean;
}

/** What was trained on and tested with. */
export interface DataReport {
  readonly name: string;
  readonly classes: readonly string[];
  /** Images that exist for training (with those held back) and for the test. */
  readonly available: { readonly train: number; readonly test: number };
  /** Images that training used, the same for all models. */
  readonly trained: number;
  /** Images that the split leaves for training; the others are held back for choices. */
  readonly trainable: number;
  /** Those of the images held back that validation uses. */
  readonly validation: number;
  /** Whether `trained` is less than what the split leaves: then nothing here speaks for the whole data set. */
  readonly subset: boolean;
  /** Content hashes of the training and the test part. */
  readonly sha256: { readonly train: string; readonly test: string };
}

/** One run of a comparison before it has ended. */
export interface PlannedRun {
  readonly row: string;
  readonly model: string;
  readonly title: string;
  readonly seed: number;
  /** Seconds that it will take by this device's measured speed. */
  readonly expectedSeconds: number;
}

/** What a comparison wants to know: pairs of rows that differ in one thing, and how to be sure that it is that thing. */
export interface Question {
  readonly id: string;
  /** 'Does convolution help?' */
  readonly asks: string;
  /** What rules out other explanations. */
  readonly control: string;
  /** Accuracy of the first row less that of the second. */
  readonly contrasts: readonly Contrast[];
}

export interface Contrast {
  readonly first: string;
  readonly second: string;
  /** What the first has and the second has not, such as 'convolutions, at as many parameters'. */
  readonly adds: string;
}

/** Settings that were tried and judged by validation images alone. */
export interface Trial {
  readonly row: string;
  /** Rows whose settings the best of these trials decides. */
  readonly group: string;
  readonly title: string;
  readonly settings: Readonly<Record<string, string | number>>;
  /** 0, and no loss, where the training diverged. */
  readonly valAccuracy: number;
  readonly valLoss?: number;
  readonly seconds: number;
}

/** Test pictures that stand among the training pictures too, or nearly: see `nearDuplicates`. */
export interface DuplicateReport {
  /** Largest root mean square difference that was looked for, as a share of the full range. */
  readonly limit: number;
  /** [test index, training index, distance, 1 where the labels agree]. */
  readonly pairs: readonly (readonly [test: number, train: number, distance: number, sameLabel: number])[];
}

export interface FigureBeside {
  readonly title: string;
  /** Test accuracy, 0 to 1. */
  readonly accuracy: number;
  /** 'after 10 epochs'. */
  readonly setting: string;
  /** Whose figure it is, and how it can be had again. */
  readonly source: string;
  /** Whether choices may have been made by the very images that it was measured on: then it is flattered. */
  readonly testWasValidation: boolean;
}

/** A comparison, finished or not: all that its report shows. */
export interface Comparison {
  readonly preset: string;
  /** Rows that stand side by side: trained on the same images. Others belong to questions. */
  readonly headline: readonly string[];
  readonly questions: readonly Question[];
  /** Choices that were made by validation, if any were. */
  readonly trials: readonly Trial[];
  /** What a reader has to know of how the plan came about, in sentences. */
  readonly notes: readonly string[];
  /** As it was typed. */
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly data: DataReport;
  readonly device: DeviceReport;
  readonly epochs: number;
  /** Finished runs in the order of the plan. */
  readonly runs: readonly RunResult[];
  readonly duplicates?: DuplicateReport;
  /** Test pictures that the report shows, by their index. */
  readonly pictures?: Readonly<Record<string, Picture>>;
  /** Figures of others, or of longer trainings, that stand beside and were not measured by this comparison. */
  readonly beside?: readonly FigureBeside[];
  /** What is still to come. */
  readonly pending: readonly PlannedRun[];
  readonly started: string;
  readonly updated: string;
}

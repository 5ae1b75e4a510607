/** One line of metrics.jsonl. `val*` always means the validation images, never the test set. */
export interface EpochMetrics {
  /** From 1. */
  readonly epoch: number;
  /** Mean over the training images as they were seen, with dropout on and weights moving. */
  readonly loss: number;
  readonly accuracy: number;
  /** Missing when the run has no validation images. */
  readonly valLoss?: number;
  readonly valAccuracy?: number;
  /** Training and validation together. */
  readonly seconds: number;
  /** Training alone. */
  readonly imagesPerSecond: number;
}

/** A moment within an epoch, reported a few times a second. */
export interface StepProgress {
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done in this epoch, and how many it has. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Means since the epoch began, as of the latest reading. */
  readonly loss: number;
  readonly accuracy: number;
  readonly imagesPerSecond: number;
  /** Until the last epoch ends, at the present speed: training alone, whoever shows it adds the validations to come. */
  readonly secondsLeft: number;
}

/** Which step of a run. */
export interface StepPlace {
  /** From 1. */
  readonly epoch: number;
  /** Within its epoch, from 1 to `stepsPerEpoch`. */
  readonly step: number;
  readonly stepsPerEpoch: number;
}

/**
 * Every error that weft throws on purpose. Each says what happened, where, and what to do about it; the class tells
 * a program which kind it was, `name` tells a reader.
 */
export class WeftError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Tensor shapes, axes or options that do not fit the op they were given to. */
export class ShapeError extends WeftError {}

/** A value outside its allowed range, or an option that does not exist. */
export class ValueError extends WeftError {}

/** No usable WebGPU adapter or device; the message says how to get one. */
export class AdapterError extends WeftError {}

/** The device was lost (driver reset, destroyed, out of memory) while work was pending. */
export class DeviceLostError extends WeftError {}

/** The driver refused a kernel, a buffer or a submission; the message names the kernel. */
export class KernelError extends WeftError {}

/** Something does not fit a limit of the device (binding size, buffer size, workgroup memory) or memory ran out. */
export class LimitError extends WeftError {}

/** A loss, weight or gradient became NaN or infinite. */
export class NumericError extends WeftError {}

/** A file is missing, truncated, altered, or not of the format it claims to be. The message starts with its path. */
export class FileError extends WeftError {}

/** A run cannot be resumed or repeated as asked (other adapter, other data, other kernels). */
export class ResumeError extends WeftError {}

/** The user interrupted the work; the CLI turns it into exit code 130. */
export class InterruptedError extends WeftError {}

/** Wrong usage of the command line; the CLI turns it into exit code 2. */
export class UsageError extends WeftError {}

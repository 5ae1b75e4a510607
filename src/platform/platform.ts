/**
 * What weft needs from the place it runs in. `node.ts` and `browser.ts` implement it; nothing above this folder knows
 * which one it got.
 */
export interface Platform {
  readonly name: 'node' | 'browser';
  /** Opens the WebGPU implementation. Hold the result exactly as long as devices made from it live. */
  openGpu(options?: GpuOptions): Promise<GpuSource>;
}

export interface GpuOptions {
  /** Part of an adapter's name, or 'software' for the CPU adapter. Default: a real GPU when there is one. */
  adapter?: string;
  /** Leaves Dawn's bounds checks on (default true). Benchmarks say which was used. */
  robustness?: boolean;
}

/** One adapter as the platform names it. */
export interface AdapterName {
  /** 'vulkan', 'metal', 'd3d12' ... */
  backend: string;
  name: string;
  /** Whether it computes on the CPU. */
  software: boolean;
}

/** Names under which the CPU implementations of Vulkan, Direct3D 12 and OpenGL are known. */
export const SOFTWARE_NAMES = /llvmpipe|lavapipe|swiftshader|softpipe|basic render|warp/i;

export interface GpuSource {
  /** The adapter that matched; a fresh one each call, since a GPUAdapter makes only one device. */
  requestAdapter(): Promise<GPUAdapter>;
  /**
   * Lets the processor rest while a device promise is pending: Dawn's Node binding would otherwise spin a core.
   * `pending` says whether anything is still awaited. Browsers need none.
   */
  readonly rest?: (pending: () => boolean) => void;
  /** Processors of this machine, where the platform tells. */
  readonly processors?: number;
  close(): void;
}

/** A folder-like store with atomic writes: a name either holds the old bytes or the whole new ones. */
export interface FileStore {
  read(path: string): Promise<Uint8Array>;
  write(path: string, bytes: Uint8Array | string): Promise<void>;
  exists(path: string): Promise<boolean>;
  /** The names in a folder, sorted. Missing where folders cannot be listed, as over http. */
  list?(path: string): Promise<string[]>;
}

/** A place with files in it: a folder, or an address in a browser. */
export interface DataSource {
  /** What messages call it. */
  readonly where: string;
  /** The bytes of one file; undefined when there is none of that name. Throws a `FileError` for anything else. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** The names of all files, where the place can tell. */
  list?(): Promise<string[]>;
}

/** Where data sets may be on this platform, in the order in which to look. */
export interface DataPlaces {
  /** What the user named; then nothing else counts. */
  readonly chosen?: DataSource;
  /** Where fetched files are kept. */
  readonly cache: DataSource & { write(name: string, bytes: Uint8Array): Promise<void> };
  /** Where the system may have them. */
  readonly known: readonly DataSource[];
  /** Ways to get them, best first. Each gives a place to read from until `dispose`. */
  readonly fetchers: readonly { readonly from: string; fetch(): Promise<DataSource & AsyncDisposable> }[];
}

/** One array of an HDF5 file. */
export interface Hdf5Dataset {
  /** From the root: `/block1_conv1/kernel:0`. */
  readonly path: string;
  readonly shape: readonly number[];
  /** As the library names it: `<f`, `<q`. */
  readonly type: string;
  /** Row-major; undefined for what is not of floats. */
  readonly data: Float32Array | undefined;
}

/** What an HDF5 file holds, as far as weights go. */
export interface Hdf5Contents {
  readonly datasets: readonly Hdf5Dataset[];
  /** Of groups, by path ('/' is the root): attributes that are text or lists of text. */
  readonly attributes: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/**
 * Reads an HDF5 file apart from this process, bounded in time and memory: the format is a program of links and offsets, and
 * its library is not made for files of strangers.
 * @param skip groups that are not read, by path.
 * @throws FileError when it is no such file, damaged, or exceeds the bounds.
 */
export type Hdf5Parser = (bytes: Uint8Array, where: string, skip?: readonly string[]) => Promise<Hdf5Contents>;

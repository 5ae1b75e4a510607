import { SOFTWARE_NAMES } from '../platform/platform.ts';

/** What a kernel may count on. Plain data, so that a choice of kernels can be made, printed and repeated without a device. */
export interface Capabilities {
  /** A CPU pretending to be a GPU (lavapipe, SwiftShader, WARP): dispatches are cheap, loads are dear. */
  readonly software: boolean;
  /** Lanes of a subgroup when the adapter has exactly one size, else 0 (no subgroup kernels). */
  readonly subgroupSize: number;
  readonly f16: boolean;
  readonly timestamps: boolean;
  /** Bytes one storage binding may span. Larger tensors are worked on in slices. */
  readonly maxBindingBytes: number;
  /** Bytes one uniform binding may span. */
  readonly maxUniformBytes: number;
  /** Storage buffers one kernel may bind. */
  readonly maxStorageBuffers: number;
  /** Bytes of workgroup memory. */
  readonly workgroupBytes: number;
  readonly maxWorkgroupInvocations: number;
  /** Workgroups along one dimension of a dispatch. */
  readonly maxWorkgroupsPerDimension: number;
}

/** Every WebGPU device guarantees these; a kernel without `needs` runs on them. */
export const BARE_CAPABILITIES: Capabilities = {
  software: false,
  subgroupSize: 0,
  f16: false,
  timestamps: false,
  maxBindingBytes: 128 << 20,
  maxUniformBytes: 64 << 10,
  maxStorageBuffers: 8,
  workgroupBytes: 16 << 10,
  maxWorkgroupInvocations: 256,
  maxWorkgroupsPerDimension: 65535,
};

/** Bytes to which binding offsets, segments of flat buffers and slices are aligned; the largest alignment WebGPU lets an adapter ask for. */
export const ALIGNMENT = 256;

export function alignUp(bytes: number, alignment: number = ALIGNMENT): number {
  return Math.ceil(bytes / alignment) * alignment;
}

export interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  /** What people call it. */
  readonly device: string;
  /** The driver and its version. */
  readonly description: string;
  /** A CPU that pretends to be a GPU. */
  readonly software: boolean;
}

export function describeAdapter(adapter: GPUAdapter): AdapterInfo {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const software = isFallbackAdapter || SOFTWARE_NAMES.test(`${architecture} ${device} ${description}`);
  // Dawn replaces what is not a letter or digit by dashes, also a closing bracket.
  return { vendor, architecture, device: device.replace(/-+$/, '') || description, description, software };
}

/** @throws nothing; features that the device was not opened with count as missing. */
export function describeCapabilities(device: GPUDevice, info: GPUAdapterInfo, software: boolean): Capabilities {
  const { limits, features } = device;
  const oneSize = info.subgroupMinSize === info.subgroupMaxSize;
  return {
    software,
    subgroupSize: features.has('subgroups') && oneSize ? info.subgroupMinSize : 0,
    f16: features.has('shader-f16'),
    timestamps: features.has('timestamp-query'),
    maxBindingBytes: limits.maxStorageBufferBindingSize,
    maxUniformBytes: limits.maxUniformBufferBindingSize,
    maxStorageBuffers: limits.maxStorageBuffersPerShaderStage,
    workgroupBytes: limits.maxComputeWorkgroupStorageSize,
    maxWorkgroupInvocations: limits.maxComputeInvocationsPerWorkgroup,
    maxWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
  };
}

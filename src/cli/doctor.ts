import { readdir } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { findDataSet } from '../data/find.ts';
import { type AdapterInfo, describeAdapter } from '../gpu/capabilities.ts';
import { AdapterError } from '../platform/errors.ts';
import { listAdapters, nodeDataPlaces, openGpu } from '../platform/node.ts';
import type { AdapterName, GpuSource } from '../platform/platform.ts';
import { Engine } from '../tensor/engine.ts';
import { type MatmulMeasure, measureMatmul } from './measure.ts';
import { dataOption, example, type GlobalOptions, jsonOption } from './options.ts';
import { formatBytes, log, pairs, print, printJson } from './output.ts';
import { neededNode } from './package-json.ts';

/** What `weft doctor --json` prints. */
export interface Diagnosis {
  /** Whether training can run. */
  ok: boolean;
  /** What is in the way, each with its remedy. Empty when `ok`. */
  problems: string[];
  node: { version: string; platform: string; arch: string };
  adapter: AdapterReport | null;
  /** All that could be chosen with --adapter. */
  adapters: AdapterName[];
  data: { name: string; where: string; train: number; test: number; sha256: { train: string; test: string } } | null;
  weights: { folder: string; models: string[] };
  matmul: MatmulMeasure | null;
}

interface AdapterReport extends AdapterInfo {
  subgroupSizes: [min: number, max: number] | null;
  features: string[];
  limits: Record<string, number>;
}

interface DoctorOptions extends GlobalOptions {
  data?: string;
  json?: boolean;
}

/** The limits that decide what weft can run; --json has all. */
const SHOWN_LIMITS = [
  'maxStorageBuffersPerShaderStage',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxUniformBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
];

export function register(program: Command): void {
  const command = program
    .command('doctor')
    .description('check that this machine can train: Node, adapter, data set, weights, speed');
  example(jsonOption(dataOption(command)), 'weft doctor', 'weft doctor --json --adapter software');
  command.action(async () => {
    const options = command.optsWithGlobals<DoctorOptions>();
    const diagnosis = await diagnose(options);
    if (options.json) printJson(diagnosis);
    else print(describe(diagnosis));
    for (const problem of diagnosis.problems) log(problem);
    if (!diagnosis.ok) process.exitCode = 1;
  });
}

async function diagnose(options: DoctorOptions): Promise<Diagnosis> {
  const problems: string[] = [];
  const tooOld = judgeNode(process.version);
  if (tooOld) problems.push(tooOld);
  const gpu = await attempt(problems, () => examineGpu(options.adapter));
  const data = await attempt(problems, () => findDataSet(nodeDataPlaces(options.data), log));
  return {
    ok: problems.length === 0,
    problems,
    node: { version: process.version, platform: process.platform, arch: process.arch },
    adapter: gpu?.adapter ?? null,
    adapters: (await listAdapters().catch(() => [])) ?? [],
    data: data && {
      name: data.name,
      where: data.where,
      train: data.train.count,
      test: data.test.count,
      sha256: { train: data.train.sha256, test: data.test.sha256 },
    },
    weights: await findWeights(),
    matmul: gpu?.matmul ?? null,
  };
}

/** What is wrong with a version of Node, if anything. */
export function judgeNode(version: string, needed = neededNode()): string | undefined {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [neededMajor = 0, neededMinor = 0] = needed.split('.').map(Number);
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return undefined;
  return `Node ${version}: too old, weft needs ${needed} or later; install it from nodejs.org`;
}

/**
 * What the work gives, or null and one more problem: none may hide the ones behind it. A driver's own error is one too,
 * whatever its class.
 */
export async function attempt<T>(problems: string[], work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    problems.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    return null;
  }
}

async function examineGpu(wanted?: string): Promise<{ adapter: AdapterReport; matmul: MatmulMeasure }> {
  const source: GpuSource = await openGpu(wanted === undefined ? {} : { adapter: wanted });
  try {
    const adapter = reportAdapter(await source.requestAdapter());
    try {
      using engine = await Engine.open(source);
      return { adapter, matmul: await measureMatmul(engine) };
    } catch (cause) {
      if (cause instanceof AdapterError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new AdapterError(`${adapter.device}: a first kernel fails: ${why}; update the driver`, { cause });
    }
  } finally {
    source.close();
  }
}

function reportAdapter(adapter: GPUAdapter): AdapterReport {
  const { subgroupMinSize, subgroupMaxSize } = adapter.info;
  const limits: Record<string, number> = {};
  // They are getters of the prototype, which neither Object.keys nor JSON.stringify sees.
  for (const name in adapter.limits) {
    const value = adapter.limits[name as keyof GPUSupportedLimits];
    if (typeof value === 'number') limits[name] = value;
  }
  return {
    ...describeAdapter(adapter),
    subgroupSizes: adapter.features.has('subgroups') ? [subgroupMinSize, subgroupMaxSize] : null,
    features: Array.from(adapter.features).sort(),
    limits,
  };
}

/** The folders of converted weights beside the sources; models without transfer need none. */
async function findWeights(): Promise<Diagnosis['weights']> {
  const folder = fileURLToPath(new URL('../../weights/', import.meta.url));
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const models = entries.filter(entry => entry.isDirectory()).map(entry => entry.name);
  return { folder, models: models.sort() };
}

function describe({ node, adapter, data, weights, matmul, ok }: Diagnosis): string {
  const lines: [string, string][] = [['node', `${node.version} on ${node.platform} ${node.arch}`]];
  if (adapter) {
    lines.push(['adapter', `${adapter.device}${adapter.software ? ' (software: runs on the processor)' : ''}`]);
    lines.push(['driver', adapter.description]);
    lines.push(['subgroups', adapter.subgroupSizes ? `of ${adapter.subgroupSizes.join(' to ')}` : 'none']);
    lines.push(['features', adapter.features.join(', ')]);
    for (const name of SHOWN_LIMITS) {
      const value = adapter.limits[name] ?? 0;
      lines.push([name, /Size$/.test(name) ? formatBytes(value) : value.toString()]);
    }
  } else lines.push(['adapter', 'none']);
  if (matmul) lines.push([`matmul ${matmul.size}`, `${matmul.gflops.toPrecision(3)} GFLOP/s (${matmul.variant})`]);
  lines.push(['data set', data ? `${data.name}, ${data.train} + ${data.test} images, in ${data.where}` : 'none']);
  lines.push(['weights', weights.models.join(', ') || `none in ${weights.folder} (only transfer models need them)`]);
  lines.push(['training', ok ? 'can run' : 'cannot run']);
  return pairs(lines);
}

import type { Device } from './device.ts';
import type { PipelineSource } from './pipelines.ts';
import { compileAll } from './warm-up.ts';

type Progress = (done: number, total: number) => void;

/** What is asked for before a job begins. */
interface Gathered {
  readonly sources: PipelineSource[];
  progress: Progress | undefined;
  readonly job: Promise<void>;
}

/** Steps compiled at the same time (`Promise.all`) are one job: nothing is compiled twice, or only after the rest. */
export class JointCompilation {
  private gathered: Gathered | undefined;

  constructor(private readonly device: Device) {}

  /**
   * Compiles what is missing of these, together with whatever else is asked for now.
   * @throws KernelError as `PipelineCache.prepare` does.
   */
  async compile(sources: readonly PipelineSource[], progress?: Progress): Promise<void> {
    const all = (this.gathered ??= this.startGathering());
    all.sources.push(...sources);
    // One listener will do: all would be told the same.
    all.progress ??= progress;
    await all.job;
  }

  private startGathering(): Gathered {
    const sources: PipelineSource[] = [];
    const gathered: Gathered = {
      sources,
      progress: undefined,
      job: Promise.resolve().then(() => {
        this.gathered = undefined;
        return compileAll(this.device, sources, gathered.progress);
      }),
    };
    return gathered;
  }
}

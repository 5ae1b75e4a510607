import { FileError, ResumeError } from '../platform/errors.ts';
import type { FileStore } from '../platform/platform.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import type { RunConfig } from './config.ts';
import type { EpochMetrics } from './events.ts';

/**
 * What a run leaves behind:
 *
 *     config.json                   what was trained, on what, with which kernels
 *     metrics.jsonl                 a line an epoch
 *     model.safetensors             the weights, by layer: the best so far, or the last; epochs and steps that made them
 *     checkpoint/latest.safetensors everything that `resume` needs
 *     watch.jsonl                   what the layers were like, a line an epoch, of a run that was watched
 *     curves.svg                    drawn by whoever reports
 *
 * Every file is written whole or not at all.
 */
export class RunFolder {
  constructor(
    readonly files: FileStore,
    readonly path: string,
  ) {}

  at(name: string): string {
    return `${this.path.replace(/[/\\]+$/, '')}/${name}`;
  }

  /** Whether a run has been started here. */
  async isTaken(): Promise<boolean> {
    return await this.files.exists(this.at('config.json'));
  }

  /** @throws ResumeError when another run is here. */
  async refuseOther(): Promise<void> {
    if (!(await this.isTaken())) return;
    const { model, epochs } = await this.describe();
    throw new ResumeError(
      `${this.path}: holds a run already (${model}, ${epochs} epochs finished); continue it with --resume, or name another ` +
        'folder with --out',
    );
  }

  private async describe(): Promise<{ model: string; epochs: number }> {
    const config = await this.readConfig();
    return { model: config.model.name, epochs: (await this.readMetrics()).length };
  }

  async writeConfig(config: RunConfig): Promise<void> {
    await this.files.write(this.at('config.json'), `${JSON.stringify(config, null, 2)}\n`);
  }

  /** @throws FileError when there is no run here, or its config.json is not one. */
  async readConfig(): Promise<RunConfig> {
    const where = this.at('config.json');
    if (!(await this.files.exists(where))) {
      throw new FileError(`${where}: no such file; name the folder of a run, as 'weft train' makes them`);
    }
    try {
      const config = JSON.parse(new TextDecoder().decode(await this.files.read(where))) as RunConfig;
      if (typeof config.model?.name !== 'string' || typeof config.training !== 'object')
        throw new Error('parts missing');
      return config;
    } catch (cause) {
      if (cause instanceof FileError) throw cause;
      throw new FileError(`${where}: not a run's configuration, or damaged; start the run anew`, { cause });
    }
  }

  async writeMetrics(history: readonly EpochMetrics[]): Promise<void> {
    await this.files.write(this.at('metrics.jsonl'), history.map(metrics => `${JSON.stringify(metrics)}\n`).join(''));
  }

  async readMetrics(): Promise<EpochMetrics[]> {
    const where = this.at('metrics.jsonl');
    if (!(await this.files.exists(where))) return [];
    const lines = new TextDecoder().decode(await this.files.read(where)).split('\n');
    return lines.filter(line => line !== '').map(line => JSON.parse(line) as EpochMetrics);
  }

  async writeModel(bytes: Uint8Array): Promise<void> {
    await this.files.write(this.at('model.safetensors'), bytes);
  }

  async readModel(): Promise<Uint8Array> {
    return await this.files.read(this.at('model.safetensors'));
  }

  async writeCheckpoint(checkpoint: Checkpoint): Promise<void> {
    await this.files.write(this.at('checkpoint/latest.safetensors'), encodeCheckpoint(checkpoint));
  }

  /** The latest checkpoint; undefined when the run never got to one. */
  async readCheckpoint(): Promise<Checkpoint | undefined> {
    const where = this.at('checkpoint/latest.safetensors');
    return (await this.files.exists(where)) ? decodeCheckpoint(await this.files.read(where), where) : undefined;
  }
}

/**
 * vitest's test processes, and a word on each that dies before it was told to end. vitest says neither which file such a
 * process had run nor what it died of; a GPU driver that crashes as it is put away takes its process along.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { ForksPoolWorker, type PoolRunnerInitializer, type PoolWorker } from 'vitest/node';

/** Environment variable: the file in which deaths are noted, a line of JSON each. */
export const DEATHS = 'WEFT_TEST_DEATHS';

export interface Death {
  /** Test files that the process had been given. */
  readonly files: readonly string[];
  /** 'SIGSEGV', or 'exit code 1'. */
  readonly cause: string;
}

const NAME = 'test-process';

class TestProcess extends ForksPoolWorker {
  override readonly name = NAME;
  private files: readonly string[] = [];
  private isEnding = false;

  override async start(): Promise<void> {
    await super.start();
    // Node gives both; vitest declares one.
    const onExit = (code: number | null, signal?: string) => {
      if (!this.isEnding) note({ files: this.files, cause: signal ?? `exit code ${code}` });
    };
    this.on('exit', onExit);
  }

  override send(message: Parameters<PoolWorker['send']>[0]): void {
    if (message.type === 'run') this.files = message.context.files.map(({ filepath }) => filepath);
    if (message.type === 'stop') this.isEnding = true;
    super.send(message);
  }

  override async stop(): Promise<void> {
    this.isEnding = true;
    await super.stop();
  }
}

export const testProcesses: PoolRunnerInitializer = {
  name: NAME,
  createPoolWorker: options => new TestProcess(options),
};

function note(death: Death): void {
  process.stderr.write(`The test process of ${death.files.join(', ')} died: ${death.cause}\n`);
  const file = process.env[DEATHS];
  if (file) appendFileSync(file, `${JSON.stringify(death)}\n`);
}

/** What was noted in a file, if it is there at all. */
export function readDeaths(file: string): Death[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter(line => line !== '').map(line => JSON.parse(line) as Death);
}

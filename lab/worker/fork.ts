import {
  type BranchDifference,
  type Change,
  compareBranches,
  filterPlaces,
  Model,
  NumericError,
  type TrainingSession,
} from '../../src/index.ts';
import type { Moment } from '../protocol.ts';
import { Beside } from './beside.ts';
import type { Lab } from './lab.ts';

/** The one thing that a branch does otherwise than the training it comes from. */
export type ForkChange =
  | { readonly kind: 'none' }
  | { readonly kind: 'learningRate'; readonly value: number }
  | { readonly kind: 'dropout'; readonly rate: number }
  | { readonly kind: 'filter'; readonly parameter: string; readonly filter: number; readonly to: FilterFate }
  | { readonly kind: 'label'; readonly example: number; readonly label: number };

/** What becomes of a filter's weights; 'drawn': what a network of another seed begins with. */
export type FilterFate = 'zero' | 'negated' | 'drawn';

export interface ForkState {
  /** The last step that both have in common. */
  readonly at: number;
  readonly change: ForkChange;
  /** Where both stand, and the last step that the branch has made. */
  readonly step: number;
  readonly head: number;
  readonly running: boolean;
  /** Of both, from shortly before the fork. */
  readonly moments: { readonly original: readonly Moment[]; readonly branch: readonly Moment[] };
  /** As they stand; undefined while they run. */
  readonly difference: BranchDifference | undefined;
}

/** Milliseconds that both make steps for before anything else gets its turn. */
const TURN = 60;
/** Steps before the fork that are told of. */
const BEFORE = 30;

/** A second branch of the lab's training: both make the same steps, one after the other, and are looked at beside one another. */
export class Fork implements Disposable {
  /** Steps of a turn. */
  private chunk = 1;
  private stopping: AbortController | undefined;
  private difference: BranchDifference | undefined;

  private constructor(
    private readonly lab: Lab,
    private readonly change: ForkChange,
    private readonly at: number,
    readonly branch: TrainingSession,
    private readonly beside: Beside,
  ) {}

  /** Begins a branch where training stands. In a turn. @throws ValueError for a change that cannot be made. */
  static async make(lab: Lab, change: ForkChange): Promise<Fork> {
    const { session } = lab.training;
    const branch = await session.fork();
    try {
      const edit = await toEdit(change, branch, lab.state.model!.network.seed);
      if (edit) await branch.change(edit);
      const beside = await Beside.make(session.model, branch.model, lab.bench.pictures.chosen);
      const fork = new Fork(lab, change, session.position.step, branch, beside);
      await fork.compare();
      return fork;
    } catch (error) {
      branch[Symbol.dispose]();
      throw error;
    }
  }

  get state(): ForkState {
    const { at, change, difference, branch, lab } = this;
    const { step, head } = branch.position;
    const first = Math.max(0, at - BEFORE);
    const moments = {
      original: lab.training.session.history.slice(first, head),
      branch: branch.history.slice(first),
    };
    return { at, change, step, head, running: this.stopping !== undefined, moments, difference };
  }

  private tell(): void {
    this.lab.emit('fork', this.state);
  }

  /** Makes so many steps of both. Settles when they stand. */
  async run(steps: number): Promise<void> {
    if (this.stopping) return;
    const { turns, training } = this.lab;
    const stopping = new AbortController();
    this.stopping = stopping;
    this.difference = undefined;
    this.tell();
    try {
      await training.rest();
      const target = this.branch.position.step + steps;
      while (this.branch.position.step < target && !stopping.signal.aborted) {
        await turns.take(() => this.advance(target, stopping.signal));
      }
    } catch (error) {
      if (!(error instanceof NumericError)) throw error;
      await turns.take(() => this.fallBack(error));
    } finally {
      this.stopping = undefined;
    }
    await turns.take(() => this.compare());
  }

  stop(): void {
    this.stopping?.abort();
  }

  /** As many steps as fit into a turn. */
  private async advance(target: number, signal: AbortSignal): Promise<void> {
    const { branch, lab } = this;
    // Whoever starts the training on another tab wants that one to run.
    if (lab.state.training?.running) this.stop();
    if (signal.aborted) return;
    const { step } = branch.position;
    const start = performance.now();
    await branch.run(Math.min(target - step, this.chunk), { signal });
    const made = branch.position.step - step;
    const milliseconds = 2 * (performance.now() - start);
    this.chunk = Math.min(64, Math.max(1, Math.round((made * TURN) / milliseconds)));
    await lab.training.goTo(branch.position.step);
    this.tell();
  }

  /** Numbers of one of them were not finite: both back to a kept moment, before the fork if need be. */
  private async fallBack({ message }: NumericError): Promise<void> {
    const { branch, at, lab } = this;
    const { step: now } = branch.position;
    const step = branch.timeline.steps.findLast(one => one >= at && one < now) ?? at;
    await branch.goTo(step);
    await lab.training.goTo(step);
    const text = `${message}. Both are back at step ${step}.`;
    lab.emit('notice', { kind: 'problem', title: 'Numbers ran away', text });
  }

  /** Brings both to where they were after so many steps. In a turn. @throws ValueError for a step before the fork. */
  async goTo(step: number): Promise<void> {
    await this.branch.goTo(Math.max(step, this.at));
    await this.compare();
  }

  /** Compares both where the branch stands. In a turn. */
  private async compare(): Promise<void> {
    const { branch, lab } = this;
    // The model may have been replaced meanwhile, and the branch with it.
    if (this.isOver) return;
    const { training } = lab;
    await training.goTo(branch.position.step);
    this.difference = await compareBranches(training.session, branch);
    this.tell();
  }

  /** Computes both networks' values for the chosen picture anew. In a turn. */
  async look(): Promise<void> {
    await this.beside.run();
  }

  /** What a layer gives or a kernel is, [1, ...] or [KH, KW, CI, CO], as of the latest look. */
  values(...[side, name]: Parameters<Beside['values']>): ReturnType<Beside['values']> {
    return this.beside.values(side, name);
  }

  private isOver = false;

  [Symbol.dispose](): void {
    this.isOver = true;
    this.stop();
    this.beside[Symbol.dispose]();
    this.branch[Symbol.dispose]();
  }
}

/** A change as the session takes it: a filter's new weights come from what it is now, or from another seed. */
async function toEdit(change: ForkChange, { model }: TrainingSession, seed: number): Promise<Change | undefined> {
  if (change.kind === 'none') return undefined;
  if (change.kind !== 'filter') return change;
  const { parameter: name, filter, to } = change;
  const at = filterPlaces(model.parameters.get(name).shape, filter);
  return { kind: 'parameter', name, at, values: await filterValues(model, name, at, to, seed) };
}

async function filterValues(
  model: Model,
  name: string,
  at: readonly number[],
  to: FilterFate,
  seed: number,
): Promise<number[]> {
  if (to === 'zero') return at.map(() => 0);
  const { engine, layer, inputShape } = model;
  using other = to === 'drawn' ? new Model(engine, layer, { name: 'other', inputShape, seed: seed + 1 }) : undefined;
  const values = await (other ?? model).parameters.get(name).data();
  return at.map(place => (to === 'negated' ? -values[place]! : values[place]!));
}

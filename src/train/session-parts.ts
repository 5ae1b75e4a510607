/** What a session consists of: taken apart for its file, and put together from one or from another session. */
import { Model } from '../nn/index.ts';
import { ResumeError } from '../platform/errors.ts';
import type { Engine } from '../tensor/engine.ts';
import type { Edit } from './edits.ts';
import type { FitData } from './fit-options.ts';
import type { SessionRecord, Validation } from './session-file.ts';
import { type RestoreOptions, SESSION_DEFAULTS, type SessionOptions } from './session-options.ts';
import { type Moment, Timeline } from './timeline.ts';
import type { Recorded } from './track.ts';

/** What a session remembers when it is made; nothing for a new one. */
export type Past = Pick<Recorded, 'timeline' | 'history'> & { readonly validations: readonly Validation[] };

/** What its file holds and its forks share. */
export interface SessionParts {
  readonly model: Model;
  readonly data: FitData;
  readonly options: SessionOptions;
  /** See `hashProgram`. */
  readonly program: string;
  readonly edits: readonly Edit[];
  readonly past: Past;
}

/** Where a session comes from that is not new: from another one, or from a file. */
export interface Origin extends Pick<SessionParts, 'data' | 'options' | 'past'> {
  /** Made for the session, which disposes of it. */
  readonly model: Model;
  /** From where it is replayed. */
  readonly moment: Moment;
  /** Where it will stand. */
  readonly step: number;
  /** Hears the program of its steps before any is made. @throws ResumeError when the session must not go on with it. */
  readonly check?: (program: string) => void;
}

/** A session as its file holds it. @param moments to be kept, by step; @param step where it stands. */
export function recordOf(session: SessionParts, moments: readonly Moment[], step: number): SessionRecord {
  const { model, options, program, edits, past } = session;
  const { data, train, validation } = session.data;
  const { timeline, history, validations } = past;
  const { training, budget } = { ...SESSION_DEFAULTS, ...options };
  const about = {
    model: model.toJSON(),
    training,
    budget,
    every: timeline.every,
    program,
    data: data.sha256,
    step,
    edits,
    validations,
  };
  return { about, train, validation, history, moments };
}

/**
 * The past of a session up to a step, with a new model.
 * @param edits its own, at `step` or later.
 * @param present the moment of that step, where the session stands there. Default: the nearest that is kept.
 * @throws ValueError for a step before the timeline's start.
 */
export function forkedOrigin(session: SessionParts, step: number, edits: readonly Edit[], present?: Moment): Origin {
  const { data, options } = session;
  const { timeline, history, validations } = session.past;
  const past = {
    timeline: timeline.fork(step),
    history: history.slice(0, step),
    validations: validations.filter(one => one.step <= step),
  };
  const moment = present ?? timeline.before(step);
  const kept = session.edits.filter(edit => edit.step <= step);
  const { engine, layer, name, inputShape } = session.model;
  return {
    model: new Model(engine, layer, { name, inputShape }),
    data,
    options: { ...options, edits: [...kept, ...edits] },
    past,
    moment,
    step,
  };
}

/**
 * What a file holds, with a new model.
 * @throws ResumeError for other data; its `check` does for another program, unless that is allowed.
 */
export function recordedOrigin(engine: Engine, record: SessionRecord, restoring: RestoreOptions): Origin {
  const { data, onCompile, where = 'session', otherProgram = 'refuse' } = restoring;
  const { about, train, validation, history, moments } = record;
  const { training, budget, every, edits, step, program, validations } = about;
  if (about.data !== data.sha256) {
    throw new ResumeError(
      `${where}: its data has the hash ${about.data}, this has ${data.sha256}; open it with its own`,
    );
  }
  const timeline = new Timeline(moments, { budget, every });
  const check = (present: string) => {
    if (present === program) return;
    if (otherProgram === 'continue') return timeline.startAt(step);
    throw new ResumeError(
      `${where}: the program of its steps was '${program}', is '${present}', so the bits would differ; use the ` +
        'version of weft and the adapter it was made with, or let it continue with others',
    );
  };
  // Before the model, which nobody would dispose of where this throws.
  const moment = timeline.before(step);
  return {
    model: Model.fromJSON(engine, about.model),
    data: { data, train, validation },
    options: { training, edits, budget, every, onCompile },
    past: { timeline, history, validations },
    moment,
    step,
    check,
  };
}

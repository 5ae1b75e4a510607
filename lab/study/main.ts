/**
 * The worker of the studies. Each takes seconds to minutes, on the processor too, so that they have a worker and a device of
 * their own: the network trains and is drawn meanwhile, and what is studied is a copy.
 */
import { answerWith, tell } from '../answer.ts';
import type { Asked } from '../protocol.ts';
import { handlers } from './handlers.ts';
import type { StudyEvents } from './protocol.ts';
import { Studies } from './studies.ts';

const studies = new Studies(text => tell<StudyEvents, 'progress'>('progress', text));

answerWith(async (name, input) => {
  if (Object.hasOwn(handlers, name)) return await (handlers as Asked)[name]!(studies, input);
  throw new Error(`there is no request '${name}'`);
});

/** The worker that owns the network: takes requests from the page, answers them, and tells of events. */
import { answerWith, tell } from '../answer.ts';
import type { Events } from '../protocol.ts';
import { atOnce, type Handler, inTurn } from './handlers/index.ts';
import { Lab } from './lab.ts';

const lab = new Lab((name, value) => tell<Events, typeof name>(name, value));

answerWith(async (name, input) => {
  if (Object.hasOwn(atOnce, name)) return await (atOnce as Record<string, Handler>)[name]!(lab, input);
  if (Object.hasOwn(inTurn, name))
    return await lab.turns.take(() => (inTurn as Record<string, Handler>)[name]!(lab, input));
  throw new Error(`there is no request '${name}'`);
});

/**
 * What the page can ask for, tab by tab: names are `tab.verb`, each a function of the lab and one input. To add a tab's
 * requests, write handlers/TAB.ts and name it here.
 */
import type { Lab } from '../lab.ts';
import * as explain from './explain.ts';
import * as fork from './fork.ts';
import * as kernels from './kernels.ts';
import * as look from './look.ts';
import * as mistakes from './mistakes.ts';
import * as shared from './shared.ts';
import * as study from './study.ts';
import * as train from './train.ts';
import * as vgg16 from './vgg16.ts';

export type Handler = (lab: Lab, input: never) => unknown;

/** They run one at a time, and none while a training step runs: they may use the engine. */
export const inTurn = {
  ...explain.inTurn,
  ...fork.inTurn,
  ...kernels.inTurn,
  ...look.inTurn,
  ...mistakes.inTurn,
  ...shared.inTurn,
  ...study.inTurn,
  ...train.inTurn,
  ...vgg16.inTurn,
};

/** They are answered at once, and must not touch the engine. */
export const atOnce = {
  ...explain.atOnce,
  ...fork.atOnce,
  ...kernels.atOnce,
  ...look.atOnce,
  ...mistakes.atOnce,
  ...shared.atOnce,
  ...study.atOnce,
  ...train.atOnce,
  ...vgg16.atOnce,
};

export type Handlers = typeof inTurn & typeof atOnce;

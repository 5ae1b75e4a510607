/** Looking inside a network. Every function takes a model and plain arrays, and gives plain arrays. */
export { batchFor, type HostArray, imageAt, rowOf } from './arrays.ts';
export { logit, loss, type Objective } from './objectives.ts';
export { type ReluRule, type Trace, type TraceOptions, trace, traceTensors } from './trace.ts';

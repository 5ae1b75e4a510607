/** The process of one contender in TypeScript: answers the requests of `protocol.ts` until stdin ends. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { openPeer } from './peers/open.ts';
import { type Peer, type Prepared, type Task, Unsupported } from './peers/peer.ts';
import { REPLY, type Replies, type Reply, type Request, type TaskMessage } from './protocol.ts';

let peer: Peer | undefined;
let prepared: Prepared | undefined;
let latency = false;

const say = process.stdout.write.bind(process.stdout);
console.log = console.info = console.debug = console.error.bind(console);

async function answer(request: Request): Promise<Replies[Request['do']]> {
  if (request.do === 'open') {
    peer = await openPeer(request.peer, request.adapter);
    return { version: peer.version, device: peer.device };
  }
  const open = peer!;
  switch (request.do) {
    case 'check': {
      const outputs = await open.resting(() => open.check(load(request.task)));
      const paths = Object.entries(outputs).map(([name, values]) => {
        const path = join(request.folder, `${name}.f32`);
        writeFileSync(path, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
        return [name, path] as const;
      });
      return { outputs: Object.fromEntries(paths) };
    }
    case 'prepare': {
      latency = request.task.mode === 'latency';
      prepared = await open.resting(() => open.prepare(load(request.task)));
      const { how, traded } = prepared;
      return { ...(how !== undefined && { how }), ...(traded && { traded }) };
    }
    case 'time':
      return await open.resting(() => time(prepared!, request.calls, request.warm));
    case 'drop':
      prepared?.dispose();
      prepared = undefined;
      return {};
    case 'memory':
      return {
        peakBytes: process.resourceUsage().maxRSS * 1024,
        ...(open.deviceBytes && { deviceBytes: open.deviceBytes() }),
      };
  }
}

async function time(work: Prepared, calls: number, warm: boolean): Promise<Replies['time']> {
  if (warm) await work.call();
  await work.finish();
  const before = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < calls; i++) {
    await work.call();
    if (latency) await work.read();
  }
  await work.finish();
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { milliseconds, processor: (user + system) / 1000 };
}

function load({ inputs, ...task }: TaskMessage): Task {
  const read = (path: string) => {
    const bytes = readFileSync(path);
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  };
  const loaded = Object.entries(inputs).map(([name, { path, shape }]) => [name, { shape, data: read(path) }] as const);
  return { ...task, inputs: Object.fromEntries(loaded) };
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply: Reply;
  try {
    reply = await answer(JSON.parse(line) as Request);
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    reply = error instanceof Unsupported ? { unsupported: error.message } : { error: message };
  }
  say(`\n${REPLY}${JSON.stringify(reply)}\n`);
}
// Frameworks leave devices and workers open, which would keep the process alive.
process.exit(0);

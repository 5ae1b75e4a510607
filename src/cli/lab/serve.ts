import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { FileError } from '../../platform/errors.ts';
import type { Site } from './site.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
};

/** A site served on this machine alone. */
export interface ServedSite extends AsyncDisposable {
  readonly address: string;
}

/** @param port 0 takes any that is free. @throws FileError when the port is taken. */
export async function serveSite(site: Site, port: number): Promise<ServedSite> {
  const server = createServer((request, response) => {
    answer(site, request, response).catch(() => response.destroy());
  });
  await listen(server, port);
  return {
    address: `http://localhost:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

async function answer(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname.slice(1) || 'index.html';
  const file = isOwnName(request.headers.host) ? site.get(path) : undefined;
  const bytes = await Promise.resolve(file?.()).catch(() => undefined);
  // A page from elsewhere must neither read the lab's files nor put the lab into a frame.
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('cache-control', 'no-cache');
  response.setHeader('content-type', bytes ? (TYPES[extname(path)] ?? 'application/octet-stream') : TYPES['.txt']!);
  // Without it nobody could tell how much of a large file is still to come.
  if (bytes) response.setHeader('content-length', bytes.length);
  response.writeHead(bytes ? 200 : 404);
  response.end(request.method === 'HEAD' ? undefined : (bytes ?? 'not found\n'));
}

/** A name of elsewhere that was made to point here is not answered. */
function isOwnName(host = ''): boolean {
  return ['localhost', '127.0.0.1'].includes(host.replace(/:\d+$/, ''));
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new FileError(`port ${port}: cannot serve there (${error.code}); name another with --port, or 0 for any`, {
          cause: error,
        }),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

import { spawn } from 'node:child_process';
import process from 'node:process';

/** What opens an address on this system, if anything does: nothing on a Linux without a screen. */
function opener(): readonly [command: string, ...args: string[]] | undefined {
  if (process.platform === 'darwin') return ['open'];
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return process.env.DISPLAY || process.env.WAYLAND_DISPLAY ? ['xdg-open'] : undefined;
}

/** Opens the reader's browser. Gives whether there is one to open; waits for nothing. */
export async function openBrowser(address: string): Promise<boolean> {
  const found = opener();
  if (!found) return false;
  const [command, ...args] = found;
  const child = spawn(command, [...args, address], { stdio: 'ignore', detached: true });
  child.unref();
  return await new Promise(resolve => {
    child.once('spawn', () => resolve(true));
    child.once('error', () => resolve(false));
  });
}

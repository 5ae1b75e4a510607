import type { PixelBox } from '../nn/receptive-field.ts';
import { fromBase64 } from './format.ts';
import { toPicture } from './pictures.ts';
import type { Picture } from './types.ts';

export interface SheetOptions {
  /** Pictures in a row. */
  readonly columns: number;
  /** Pixels of the sheet for one of a picture; default 1. */
  readonly scale?: number;
  /** Pixels between pictures and around them; default 2. */
  readonly gap?: number;
}

/** Of the sheet, from black to white: neither like a dark picture nor like a bright one. */
const GROUND = [0x58, 0x60, 0x74] as const;

/**
 * Pictures of one size side by side and below each other as one picture; undefined ones leave their place empty. In
 * colour: grey ones among them become colour too.
 */
export function contactSheet(pictures: readonly (Picture | undefined)[], options: SheetOptions): Picture {
  const { columns, scale = 1, gap = 2 } = options;
  const first = pictures.find(picture => picture !== undefined);
  const cell = { width: scale * (first?.width ?? 1) + gap, height: scale * (first?.height ?? 1) + gap };
  const across = Math.max(1, Math.min(columns, pictures.length));
  const width = gap + across * cell.width;
  const height = gap + Math.ceil(pictures.length / across) * cell.height;
  const pixels = Uint8Array.from({ length: 3 * width * height }, (_, i) => GROUND[i % 3]!);
  pictures.forEach((picture, i) => {
    if (!picture) return;
    const left = gap + (i % across) * cell.width;
    const top = gap + Math.floor(i / across) * cell.height;
    const own = fromBase64(picture.pixels);
    for (let y = 0; y < scale * picture.height; y++) {
      for (let x = 0; x < scale * picture.width; x++) {
        const from = (Math.floor(y / scale) * picture.width + Math.floor(x / scale)) * picture.channels;
        const to = 3 * ((top + y) * width + left + x);
        for (let k = 0; k < 3; k++) pixels[to + k] = own[from + (picture.channels === 3 ? k : 0)]!;
      }
    }
  });
  return toPicture(pixels, { width, height, channels: 3 });
}

/** Orange, which stands out of grey pictures whether they are dark or bright. */
const FRAME = [0xff, 0x8c, 0x1a] as const;

/** A picture enlarged, in colour, with a frame just inside a part of it. */
export function outlined(picture: Picture, box: PixelBox | undefined, scale: number): Picture {
  const { width, height, channels } = picture;
  const own = fromBase64(picture.pixels);
  const [w, h] = [scale * width, scale * height];
  const isFrame = (x: number, y: number) => {
    if (!box) return false;
    const [left, right, top, bottom] = [
      scale * box.left,
      scale * box.right - 1,
      scale * box.top,
      scale * box.bottom - 1,
    ];
    const inside = x >= left && x <= right && y >= top && y <= bottom;
    return inside && (x === left || x === right || y === top || y === bottom);
  };
  const pixels = new Uint8Array(3 * w * h);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const from = (Math.floor(y / scale) * width + Math.floor(x / scale)) * channels;
      for (let k = 0; k < 3; k++) {
        pixels[3 * (y * w + x) + k] = isFrame(x, y) ? FRAME[k]! : own[from + (channels === 3 ? k : 0)]!;
      }
    }
  }
  return toPicture(pixels, { width: w, height: h, channels: 3 });
}

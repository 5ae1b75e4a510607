/** The middle of a photo as a square of this side: red, green and blue from 0 to 1, row by row. */
export function samplePhoto(photo: ImageBitmap, size: number): Float32Array {
  const side = Math.min(photo.width, photo.height);
  const context = new OffscreenCanvas(size, size).getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  const [left, top] = [(photo.width - side) / 2, (photo.height - side) / 2];
  context.drawImage(photo, left, top, side, side, 0, 0, size, size);
  const { data } = context.getImageData(0, 0, size, size);
  return Float32Array.from({ length: size * size * 3 }, (_, i) => data[4 * Math.floor(i / 3) + (i % 3)]! / 255);
}

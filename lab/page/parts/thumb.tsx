import { useEffect, useRef } from 'preact/hooks';

/** A small picture from bytes, grey or in colour. What it shows is said by the text around it. */
export function Thumb({ bytes, shape }: { bytes: Uint8Array; shape: readonly number[] }) {
  const element = useRef<HTMLCanvasElement>(null);
  const [height = 1, width = 1, channels = 1] = shape;
  useEffect(() => {
    const { data } = new ImageData(width, height);
    for (let pixel = 0; pixel < width * height; pixel++) {
      for (let part = 0; part < 3; part++) data[4 * pixel + part] = bytes[pixel * channels + (part % channels)]!;
      data[4 * pixel + 3] = 255;
    }
    element.current!.getContext('2d')!.putImageData(new ImageData(data, width, height), 0, 0);
  }, [bytes, width, height, channels]);
  return <canvas ref={element} class="maps" width={width} height={height} />;
}

/**
 * Writes protocol buffers, as far as ONNX needs them: a message is a list of fields, each a number, a wire type and a value.
 * Source: the encoding guide of Protocol Buffers.
 */
export class ProtobufWriter {
  private readonly parts: Uint8Array[] = [];
  private length = 0;

  /** A whole number, not negative (wire type 0). */
  int(field: number, value: number): this {
    return this.raw(varint(field * 8)).raw(varint(value));
  }

  ints(field: number, values: readonly number[]): this {
    for (const value of values) this.int(field, value);
    return this;
  }

  /** float32 (wire type 5). */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.raw(varint(field * 8 + 5)).raw(bytes);
  }

  /** Bytes with their length before them (wire type 2). */
  bytes(field: number, value: Uint8Array): this {
    return this.raw(varint(field * 8 + 2))
      .raw(varint(value.length))
      .raw(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  texts(field: number, values: readonly string[]): this {
    for (const value of values) this.text(field, value);
    return this;
  }

  message(field: number, value: ProtobufWriter): this {
    return this.bytes(field, value.finish());
  }

  finish(): Uint8Array {
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  private raw(part: Uint8Array): this {
    this.parts.push(part);
    this.length += part.length;
    return this;
  }
}

/** Seven bits a byte, the lowest first; the top bit says that more follow. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Uint8Array.of(...bytes, rest);
}

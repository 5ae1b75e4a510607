/** Collects what a device refuses: work that is refused takes no time, and must not be timed. */
export class Refusals {
  private message: string | undefined;

  constructor(device: GPUDevice) {
    device.addEventListener('uncapturederror', event => {
      this.message ??= (event as GPUUncapturedErrorEvent).error.message;
    });
    void device.lost.then(({ message }) => {
      this.message ??= `its device was lost: ${message}`;
    });
  }

  /** @throws Error with the first refusal since the last check. */
  check(): void {
    const { message } = this;
    this.message = undefined;
    if (message !== undefined) throw new Error(`WebGPU refuses its work: ${message.slice(0, 300)}`);
  }
}

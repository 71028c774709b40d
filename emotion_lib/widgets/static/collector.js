// Runs on the audio thread of the browser: collects samples of the microphone, and posts them part by part.

registerProcessor(
  "emotion-collector",
  class extends AudioWorkletProcessor {
    constructor({ processorOptions }) {
      super();
      this.part = new Float32Array(processorOptions.size);
      this.filled = 0;
    }
    process([[samples]]) {
      for (const sample of samples ?? []) {
        this.part[this.filled++] = sample;
        if (this.filled < this.part.length) continue;
        this.port.postMessage(this.part);
        this.filled = 0;
      }
      return true;
    }
  },
);

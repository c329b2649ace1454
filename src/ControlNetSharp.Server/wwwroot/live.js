// Live: while the pen moves a quick picture follows it, and when the pen rests a good one.
// One quick picture is under way at a time, always of the newest strokes, so that each one is finished and seen. A good
// one is given up as soon as the pen moves again: both are of one group, in which a new job ends the one before.
import { api } from './api.js';
import { ended, forget, keep } from './jobs.js';
import { blame, inOnePass } from './making.js';
import { actingUnits, hasHint, requestOf } from './request.js';
import { draft, EMBEDDED, faults, live, picturesOf, server, shown, tab } from './state.js';
import { effect, signal } from './view.js';

const REST = 600;
const WINDOW = 4000;

// At the model's own size a picture of few steps is nearly the good one that follows, which begins with the same noise.
// Where several in a row are too slow for two a second they become smaller, until Live is switched on again: pictures of
// two sizes are two pictures, and would flicker.
const STEPS = 2;
const SHARES = [1, 0.75, 0.5];
const SLOW = 500;
const SLOW_ONES = 3;

// Euler's steps that begin where there is only noise: the fewest with which pictures are like those of many.
const QUICK_SCHEDULER = 'trailing';

// The embedded model's LoRA for few steps, which come without guidance and so at half the cost.
const FEW_STEPS = ' <lora:pocket_4steps:1>';

/** The quick picture on the stage: an address of bytes held here. */
export const quick = signal(null);

/** The quick pictures, which are nobody's to keep. */
export const passing = new Set();

export const liveGroup = `live-${tab}`;

/** Few steps, and a picture of the same shape that is no larger than it has to be. */
function quickOf(from, share) {
  const { models, defaults } = server.value;
  const native = models.find(({ name }) => name === from.model)?.nativeSize ?? Math.min(from.width, from.height);
  const scale = Math.min(1, (share * native) / Math.min(from.width, from.height));
  const side = (pixels) => Math.max(64, Math.round((pixels * scale) / 64) * 64);
  const few = from.model === EMBEDDED ? { prompt: from.prompt + FEW_STEPS, guidanceScale: 1 } : {};
  return {
    ...from,
    ...few,
    width: side(from.width),
    height: side(from.height),
    steps: Math.min(from.steps, STEPS),
    sampler: defaults.sampler,
    scheduler: QUICK_SCHEDULER,
    batch: 1,
    upscale: null,
    carried: inOnePass(from),
  };
}

/** What a picture follows: the strokes, and what stands beside them. A unit that changes is another object. */
const causesOf = ({ prompt, negativePrompt, model, width, height, guidanceScale, seed, units }) => [
  prompt,
  negativePrompt,
  model,
  width,
  height,
  guidanceScale,
  seed,
  ...units,
];

export function watchLive() {
  let last = null;
  let isQuickUnderWay = false;
  let isDirty = false;
  let resting = 0;
  let times = [];
  let size = 0;
  let slow = 0;

  async function makeQuick() {
    isQuickUnderWay = true;
    isDirty = false;
    const units = actingUnits();
    const began = performance.now();
    try {
      const asked = await api.generate(await requestOf(quickOf(draft.value, SHARES[size])), liveGroup);
      passing.add(asked.id);
      keep(asked);
      const job = await ended(asked.id);
      const picture = picturesOf(job)[0];
      if (job?.state === 'done' && picture && live.value.on) {
        const old = quick.value;
        quick.value = URL.createObjectURL(await api.bytes(picture.url));
        if (old) {
          setTimeout(() => URL.revokeObjectURL(old), 500);
        }
        const now = performance.now();
        slow = now - began > SLOW ? slow + 1 : 0;
        if (slow === SLOW_ONES && size + 1 < SHARES.length) {
          size++;
          slow = 0;
        }
        times = [...times.filter((time) => now - time < WINDOW), now];
        const rate = times.length > 1 ? ((times.length - 1) * 1000) / (now - times[0]) : 0;
        live.value = { ...live.value, rate };
      }
      forget(asked.id);
      api.remove(asked.id).catch(() => {});
    } catch (refusal) {
      blame(refusal, units);
    }
    isQuickUnderWay = false;
    if (isDirty && live.value.on) {
      await makeQuick();
    }
  }

  async function makeGood() {
    live.value = { ...live.value, busy: false };
    isDirty = false;
    times = [];
    const units = actingUnits();
    try {
      const job = keep(await api.generate(await requestOf(), liveGroup));
      shown.value = { id: job.id, index: 0 };
      const done = await ended(job.id);
      if (done?.state === 'done' && shown.value.id === job.id) {
        quick.value = null;
      }
      if (done?.error) {
        blame(done.error, units);
      }
    } catch (refusal) {
      blame(refusal, units);
    }
  }

  effect(() => {
    const now = causesOf(draft.value);
    const isChanged = last !== null && (now.length !== last.length || now.some((value, i) => value !== last[i]));
    last = now;
    if (!live.value.on) {
      size = 0;
    }
    if (!live.value.on || !isChanged || !draft.value.units.some((unit) => unit.on && hasHint(unit))) {
      return;
    }
    faults.value = [];
    if (!live.peek().busy) {
      live.value = { ...live.peek(), busy: true };
    }
    clearTimeout(resting);
    resting = setTimeout(makeGood, REST);
    isDirty = true;
    if (!isQuickUnderWay) {
      makeQuick();
    }
  });
}

export function setLive(on) {
  live.value = { on, rate: 0, busy: false };
  quick.value = null;
}

// The state of the page, all of it. Panels read signals and call the functions below.
import { batch, computed, signal } from './view.js';
import { begin } from './history.js';

/** This tab: its quick jobs replace each other, and not those of another tab. */
export const tab = Math.random().toString(36).slice(2, 10);

/** What the server has and allows; null until it answered. */
export const server = signal(null);

/** The jobs that the page has heard of, by id. */
export const jobs = signal(new Map());

/** The name of the embedded model. */
export const EMBEDDED = 'pocket';

/** What is being asked for. */
export const draft = signal({
  prompt: '',
  negativePrompt: '',
  model: EMBEDDED,
  width: 256,
  height: 256,
  steps: 20,
  sampler: 'Euler',
  scheduler: 'automatic',
  // The model's own.
  guidanceScale: null,
  seed: 1,
  keepSeed: false,
  batch: 1,
  initial: null,
  upscale: null,
  units: [],
  // What a loaded request asks for beyond the fields of the page, by member; units and the start have such, too.
  carried: {},
});

/** The chosen preset's name, for its button. */
export const preset = signal(null);

/** The generation whose picture is on the stage, and which picture of it. */
export const shown = signal({ id: null, index: 0 });

/** The hint of each unit by its key: {url, warnings, error, busy}. */
export const hints = signal({});

/** What the server refused, by member of the draft: [{member, message}]. */
export const faults = signal([]);

/** Short words at the edge of the page: [{key, text, isError}]. */
export const notices = signal([]);

/** Whether pictures follow the pen, and how many a second came last. */
export const live = signal({ on: false, rate: 0, busy: false });

/** Which page is open: studio, training, scoreboard. */
export const page = signal('studio');

/** The unit that a pasted picture goes to. */
export const lastUnit = signal(null);

export const shownJob = computed(() => jobs.value.get(shown.value.id) ?? null);
export const isOver = (job) => ['done', 'failed', 'cancelled'].includes(job.state);
export const isMaking = computed(() => shownJob.value !== null && !isOver(shownJob.value));
export const picturesOf = (job) => (job?.files ?? []).filter((file) => file.role === 'picture');
export const hintsOf = (job) => (job?.files ?? []).filter((file) => file.role === 'hint');

export const change = (part) => (draft.value = { ...draft.value, ...part });

export const changeUnit = (key, part) =>
  change({ units: draft.value.units.map((unit) => (unit.key === key ? { ...unit, ...part } : unit)) });

let units = 0;
const emptyDrawing = { base: null, ops: [] };

/** A unit with everything that it leaves open. */
export const newUnit = (part) => ({
  key: `u${++units}`,
  on: true,
  kind: 'scribble',
  source: 'drawing',
  drawing: begin(emptyDrawing),
  classes: begin(emptyDrawing),
  pose: begin({ people: [] }),
  picture: null,
  isHint: false,
  annotator: null,
  options: {},
  model: null,
  weight: 1,
  start: 0,
  end: 1,
  mode: 'balanced',
  resize: 'crop',
  mask: null,
  more: [],
  combine: 'average',
  transfer: 'all',
  carried: {},
  ...part,
});

export function addUnit(part) {
  const unit = newUnit(part);
  batch(() => {
    change({ units: [...draft.value.units, unit] });
    lastUnit.value = unit.key;
  });
  return unit;
}

export const removeUnit = (key) => change({ units: draft.value.units.filter((unit) => unit.key !== key) });

export function copyUnit(key) {
  const at = draft.value.units.findIndex((unit) => unit.key === key);
  const copy = { ...draft.value.units[at], key: `u${++units}` };
  change({ units: draft.value.units.toSpliced(at + 1, 0, copy) });
}

export function moveUnit(key, by) {
  const all = draft.value.units;
  const at = all.findIndex((unit) => unit.key === key);
  const to = at + by;
  if (to >= 0 && to < all.length) {
    change({ units: all.toSpliced(at, 1).toSpliced(to, 0, all[at]) });
  }
}

let noticeKey = 0;

export function notify(text, isError = false) {
  const notice = { key: ++noticeKey, text, isError };
  notices.value = [...notices.value, notice];
  setTimeout(() => dismiss(notice.key), isError ? 12000 : 5000);
}

export const dismiss = (key) => (notices.value = notices.value.filter((notice) => notice.key !== key));

/** The words for what the server refused at a member such as `steps` or `u3.weight`, or below it. */
export const faultAt = (member) =>
  faults.value.find((fault) => fault.member === member || fault.member?.startsWith(member + '.'))?.message ?? null;
